//! OCI layers, manifests, the content store and base images.
