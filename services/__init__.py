"""The stage services. Each stage imports serving, services.runtime and services.layers, never another stage."""
