//! YAML or JSON text to a spanned tree to a model, or diagnostics.
