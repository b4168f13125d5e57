"""The duty checklists that come with the product, one YAML file each, named for its id."""
