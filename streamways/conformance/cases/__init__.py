"""The cases, by subject. `streamways.conformance.catalog` lists them."""
