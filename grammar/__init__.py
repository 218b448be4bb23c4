"""The language as data: the grammar of references and expressions."""
