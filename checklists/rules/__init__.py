"""The rules shipped with the product, one YAML file each, named for its id. All are proposals until approved."""
