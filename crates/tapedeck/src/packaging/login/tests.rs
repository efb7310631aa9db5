//! Names of secrets, however they are written.

use super::name_in;

#[test]
fn the_name_of_a_secret_is_found_in_its_arn() {
    let arn = |rest| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{rest}");
    assert_eq!(name_in("registry"), "registry");
    assert_eq!(name_in(&arn("registry-AbCd12")), "registry");
    assert_eq!(name_in(&arn("team/my-registry-AbCd12")), "team/my-registry");
    assert_eq!(name_in(&arn("registry")), "registry");
    assert_eq!(name_in(&arn("é-AbCd12")), "é");
}
