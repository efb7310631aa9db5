//! What is kept of a disk.

use fs_err as fs;

use super::TaskDisk;
use super::template::Template;

#[test]
fn a_disk_survives_being_written() {
    let disk = TaskDisk {
        template: "/var/lib/tapedeck/storage/20480.disk".into(),
        megabytes: 20480,
    };
    let text = serde_json::to_string(&disk).unwrap();
    assert_eq!(
        text,
        r#"{"template":"/var/lib/tapedeck/storage/20480.disk","megabytes":20480}"#
    );
    assert_eq!(serde_json::from_str::<TaskDisk>(&text).unwrap(), disk);
}

#[test]
fn a_template_is_small_and_becomes_the_same_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("sparse")).unwrap();
    let mut packed = b"tddisk 1".to_vec();
    packed.extend((1_u64 << 30).to_le_bytes());
    for (place, text) in [(4096_u64, "first"), (1 << 20, "second")] {
        packed.extend(place.to_le_bytes());
        packed.extend((text.len() as u64).to_le_bytes());
        packed.extend(text.as_bytes());
    }
    let template = Template::decode(&packed).unwrap();
    assert_eq!(template.encode(), packed);
    template.write_to(&file).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 1 << 30);
    let read = |place: u64, length: usize| {
        let mut bytes = vec![0; length];
        let opened = fs::File::open(folder.path().join("sparse")).unwrap();
        std::os::unix::fs::FileExt::read_exact_at(opened.file(), &mut bytes, place).unwrap();
        bytes
    };
    assert_eq!(read(4096, 5), b"first");
    assert_eq!(read(1 << 20, 7), b"second\0");
    for length in 0..packed.len() {
        let whole = Template::decode(&packed[..length]).map(|template| template.encode());
        assert!(
            whole.is_none_or(|whole| whole == packed[..length]),
            "cut at {length}"
        );
    }
}
