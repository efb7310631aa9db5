//! Tests of what is given to the kernel.

use super::TaskDisk;

#[test]
fn a_disk_survives_being_written() {
    let disk = TaskDisk {
        template: "/var/lib/tapedeck/storage/20480.ext4".into(),
        megabytes: 20480,
    };
    let text = serde_json::to_string(&disk).unwrap();
    assert_eq!(
        text,
        r#"{"template":"/var/lib/tapedeck/storage/20480.ext4","megabytes":20480}"#
    );
    assert_eq!(serde_json::from_str::<TaskDisk>(&text).unwrap(), disk);
}
