"""One folder a target: a value of `compiler.backend.Backend` and the emitter behind it."""
