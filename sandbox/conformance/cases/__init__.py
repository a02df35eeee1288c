"""The cases, by subject. `sandbox.conformance.catalog` lists them."""
