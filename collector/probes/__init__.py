"""One file per protocol: settings with limits, ``ask`` that touches the world, and ``read``, pure, of what it answered.

Whatever keeps a device from answering is :class:`readings.model.SourceFailed` with the gap and a sentence that says
what was tried, on what, and what came back; never with a secret in it.
"""
