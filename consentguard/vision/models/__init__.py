"""Networks: fetched by digest, loaded, and run by the one module that imports the inference engine."""
