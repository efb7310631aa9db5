//! What is the id of a network, and what the name of a stack.

use super::is_network_id;

#[test]
fn stacks_may_be_called_almost_like_networks() {
    for id in ["vpc-0a1b2c3d", "vpc-0123456789abcdef0"] {
        assert!(is_network_id(id), "{id}");
    }
    for stack in ["vpc-dev", "vpc-production", "shop-dev", "vpc-0a1b2c3d4"] {
        assert!(!is_network_id(stack), "{stack}");
    }
}
