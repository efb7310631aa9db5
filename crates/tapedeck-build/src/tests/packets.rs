//! What is said to a bundler that goes on running, byte for byte.

use crate::javascript::pure::Value;

fn sample() -> Value {
    Value::Object(vec![
        ("a".to_owned(), Value::Nothing),
        (
            "b".to_owned(),
            Value::List(vec![
                Value::Truth(true),
                Value::Number(258),
                Value::Text("é".to_owned()),
            ]),
        ),
        ("c".to_owned(), Value::Bytes(vec![0, 255])),
    ])
}

#[test]
fn values_are_written_as_esbuild_reads_them() {
    let mut packet = Vec::new();
    Value::List(vec![
        Value::Truth(false),
        Value::Number(258),
        Value::Text("ab".to_owned()),
    ])
    .put(&mut packet)
    .unwrap();
    assert_eq!(
        packet,
        [5, 3, 0, 0, 0, 1, 0, 2, 2, 1, 0, 0, 3, 2, 0, 0, 0, b'a', b'b']
    );
}

#[test]
fn what_is_written_is_read_again() {
    let mut packet = Vec::new();
    sample().put(&mut packet).unwrap();
    let mut rest = packet.as_slice();
    assert_eq!(Value::take(&mut rest).unwrap(), sample());
    assert!(rest.is_empty());
}

#[test]
fn what_is_cut_off_or_unknown_is_an_error_and_never_more() {
    let mut packet = Vec::new();
    sample().put(&mut packet).unwrap();
    for length in 0..packet.len() {
        assert!(Value::take(&mut &packet[..length]).is_err(), "{length}");
    }
    for wrong in [
        &[7][..],
        &[3, 1, 0, 0, 0, 255],
        &[5, 255, 255, 255, 255],
        &[4, 255, 255, 255, 255, 1],
    ] {
        assert!(Value::take(&mut &*wrong).is_err(), "{wrong:?}");
    }
}
