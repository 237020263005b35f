"""The folder of the models: the manifest travels in the wheel, the weights are fetched by hash."""
