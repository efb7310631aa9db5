//! Names of units and words in them.

use super::*;

#[test]
fn each_home_has_a_unit_of_its_own() {
    assert_eq!(Unit::of(&Home::of_machine()).name, "tapedeck.service");
    let other = Unit::of(&Home::at(Path::new("/srv/my engine")));
    assert_eq!(other.name, "tapedeck-srv-my-engine.service");
    assert_eq!(
        other.path,
        Path::new("/etc/systemd/system/tapedeck-srv-my-engine.service")
    );
}

#[test]
fn words_are_quoted_as_systemd_reads_them() {
    assert_eq!(quoted("/usr/local/bin/tapedeck"), "/usr/local/bin/tapedeck");
    assert_eq!(quoted("127.0.0.1:9464"), "127.0.0.1:9464");
    assert_eq!(quoted("/srv/my engine"), "\"/srv/my engine\"");
    assert_eq!(quoted("100%"), "\"100%%\"");
    assert_eq!(quoted("a\"b\\c$d"), "\"a\\\"b\\\\c$$d\"");
}
