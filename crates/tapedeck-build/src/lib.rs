//! Source tree to build plan to image: one provider per language.
