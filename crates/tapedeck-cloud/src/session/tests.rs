//! What is said on a data channel, and how it looks in bytes.

use serde_json::{Value, json};
use tapedeck_model::Timestamp;
use uuid::Uuid;

use super::dialogue::{Dialogue, Heard};
use super::frame::{
    ACKNOWLEDGE, CHANNEL_CLOSED, Frame, INPUT, NoFrame, OUTPUT, PAUSE_PUBLICATION, START_PUBLICATION,
};
use super::{ExecuteCommand, Typed};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const LATER: Timestamp = Timestamp::from_millis(1_700_000_001_000);

fn frame(kind: &str, sequence: i64, content: u32, payload: &[u8]) -> Frame {
    Frame {
        kind: kind.to_owned(),
        at: NOW,
        sequence,
        id: Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        content,
        payload: payload.to_vec(),
    }
}

/// A message of the agent.
fn told(sequence: i64, content: u32, payload: &[u8]) -> Vec<u8> {
    frame(OUTPUT, sequence, content, payload).encode()
}

fn handshake(actions: &Value) -> Vec<u8> {
    let request = json!({ "AgentVersion": "3.3.0.0", "RequestedClientActions": actions });
    told(0, 5, request.to_string().as_bytes())
}

/// Everything that is to be sent.
fn sent(dialogue: &mut Dialogue) -> Vec<Frame> {
    let bytes = std::iter::from_fn(|| dialogue.next_to_send());
    bytes.map(|bytes| Frame::decode(&bytes).unwrap()).collect()
}

fn payload(frame: &Frame) -> Value {
    serde_json::from_slice(&frame.payload).unwrap()
}

/// One in which hands have been shaken.
fn open() -> Dialogue {
    let mut dialogue = Dialogue::new(Uuid::nil());
    let actions = json!([{ "ActionType": "SessionType", "ActionParameters": { "SessionType": "InteractiveCommands" } }]);
    assert_eq!(dialogue.hear(&handshake(&actions), NOW), Ok(vec![]));
    assert_eq!(dialogue.hear(&told(1, 7, b"{}"), NOW), Ok(vec![]));
    let _ = sent(&mut dialogue);
    let acknowledged = acknowledge(0);
    assert_eq!(dialogue.hear(&acknowledged, NOW), Ok(vec![]));
    dialogue
}

fn acknowledge(sequence: i64) -> Vec<u8> {
    let told = json!({
        "AcknowledgedMessageType": INPUT, "AcknowledgedMessageId": Uuid::nil().to_string(),
        "AcknowledgedMessageSequenceNumber": sequence, "IsSequentialMessage": true,
    });
    frame(ACKNOWLEDGE, 0, 0, told.to_string().as_bytes()).encode()
}

#[test]
fn a_message_has_its_parts_where_they_belong() {
    let bytes = frame(INPUT, 7, 1, b"ls\n").encode();
    assert_eq!(bytes[..4], 116_u32.to_be_bytes());
    assert_eq!(&bytes[4..36], b"input_stream_data               ");
    assert_eq!(bytes[36..40], 1_u32.to_be_bytes());
    assert_eq!(bytes[40..48], NOW.millis().to_be_bytes());
    assert_eq!(bytes[48..56], 7_i64.to_be_bytes());
    // The lower half of the id first.
    assert_eq!(bytes[64..68], [0x88, 0x99, 0xaa, 0xbb]);
    assert_eq!(bytes[72..76], [0x00, 0x11, 0x22, 0x33]);
    assert_eq!(bytes[112..116], 1_u32.to_be_bytes());
    assert_eq!(bytes[116..120], 3_u32.to_be_bytes());
    assert_eq!(&bytes[120..], b"ls\n");
    assert_eq!(Frame::decode(&bytes), Ok(frame(INPUT, 7, 1, b"ls\n")));
}

#[test]
fn what_is_no_message_is_refused() {
    let whole = frame(OUTPUT, 0, 1, b"hello").encode();
    for length in 0..120 {
        assert!(Frame::decode(&whole[..length]).is_err(), "{length}");
    }
    assert_eq!(Frame::decode(&whole[..122]), Err(NoFrame::Length));
    let mut damaged = whole.clone();
    damaged[122] ^= 1;
    assert_eq!(Frame::decode(&damaged), Err(NoFrame::Digest));
    let mut far = whole;
    far[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(Frame::decode(&far), Err(NoFrame::Length));
}

#[test]
fn hands_are_shaken_before_anything_is_typed() {
    let mut dialogue = Dialogue::new(Uuid::nil());
    let opening: Value = serde_json::from_str(&dialogue.opening("secret")).unwrap();
    assert_eq!(
        (&opening["TokenValue"], &opening["MessageSchemaVersion"]),
        (&json!("secret"), &json!("1.0"))
    );
    dialogue.say(
        &Typed::Size {
            rows: 24,
            columns: 80,
        },
        NOW,
    );
    dialogue.say(&Typed::Bytes(b"ls\r".to_vec()), NOW);
    assert_eq!(sent(&mut dialogue), []);

    let actions = json!([{ "ActionType": "SessionType", "ActionParameters": { "SessionType": "InteractiveCommands" } }]);
    dialogue.hear(&handshake(&actions), NOW).unwrap();
    let answers = sent(&mut dialogue);
    assert_eq!(answers.len(), 2);
    assert_eq!(
        (
            answers[0].kind.as_str(),
            payload(&answers[0])["AcknowledgedMessageSequenceNumber"].clone()
        ),
        (ACKNOWLEDGE, json!(0))
    );
    assert_eq!(
        payload(&answers[0])["AcknowledgedMessageId"],
        "00112233-4455-6677-8899-aabbccddeeff"
    );
    assert_eq!(
        (answers[1].kind.as_str(), answers[1].sequence, answers[1].content),
        (INPUT, 0, 6)
    );
    assert_eq!(
        payload(&answers[1])["ProcessedClientActions"][0]["ActionStatus"],
        1
    );

    dialogue.hear(&told(1, 7, b"{}"), NOW).unwrap();
    let said = sent(&mut dialogue);
    let typed: Vec<(i64, u32)> = said
        .iter()
        .skip(1)
        .map(|one| (one.sequence, one.content))
        .collect();
    assert_eq!(typed, [(1, 3), (2, 1)]);
    assert_eq!(payload(&said[1]), json!({ "cols": 80, "rows": 24 }));
}

#[test]
fn what_cannot_be_done_is_answered_and_told() {
    let mut dialogue = Dialogue::new(Uuid::nil());
    let actions = json!([{ "ActionType": "KMSEncryption", "ActionParameters": { "KMSKeyId": "key" } }]);
    let error = dialogue.hear(&handshake(&actions), NOW).unwrap_err();
    assert!(
        error.to_string().contains("encrypted with a key of KMS"),
        "{error}"
    );
    let answer = payload(&sent(&mut dialogue)[1]);
    assert_eq!(answer["ProcessedClientActions"][0]["ActionStatus"], 3);
    assert_eq!(answer["Errors"].as_array().unwrap().len(), 1);
}

#[test]
fn output_is_shown_once_and_in_order_however_it_arrives() {
    let mut dialogue = open();
    let output = |text: &str| Heard::Output(text.as_bytes().to_vec());
    assert_eq!(dialogue.hear(&told(3, 1, b"b"), NOW), Ok(vec![]));
    assert_eq!(
        dialogue.hear(&told(2, 1, b"a"), NOW),
        Ok(vec![output("a"), output("b")])
    );
    assert_eq!(dialogue.hear(&told(2, 1, b"a"), NOW), Ok(vec![]));
    assert_eq!(dialogue.hear(&told(4, 11, b"c"), NOW), Ok(vec![output("c")]));
    // Each is acknowledged, also what is known already: its acknowledgement was lost.
    let acknowledged: Vec<Value> = sent(&mut dialogue)
        .iter()
        .map(|one| payload(one)["AcknowledgedMessageSequenceNumber"].clone())
        .collect();
    assert_eq!(acknowledged, [3, 2, 2, 4]);
    let closed = json!({ "Output": "Exiting.\n" }).to_string();
    let over = frame(CHANNEL_CLOSED, 0, 0, closed.as_bytes()).encode();
    assert_eq!(
        dialogue.hear(&over, NOW),
        Ok(vec![Heard::Closed("Exiting.".to_owned())])
    );
}

#[test]
fn what_is_not_acknowledged_is_said_again() {
    let mut dialogue = open();
    dialogue.say(&Typed::Bytes(b"ls\n".to_vec()), NOW);
    let first = sent(&mut dialogue);
    dialogue.say_again(NOW);
    assert_eq!(sent(&mut dialogue), []);
    dialogue.say_again(LATER);
    assert_eq!(sent(&mut dialogue), first);
    dialogue.hear(&acknowledge(first[0].sequence), LATER).unwrap();
    dialogue.say_again(Timestamp::from_millis(LATER.millis() + 5000));
    assert_eq!(sent(&mut dialogue), []);
}

#[test]
fn much_is_typed_in_portions_and_no_faster_than_it_is_taken() {
    let mut dialogue = open();
    let much = vec![b'x'; 100 * 1024];
    dialogue.say(&Typed::Bytes(much.clone()), NOW);
    assert!(dialogue.is_full());
    let mut arrived: Vec<u8> = Vec::new();
    loop {
        let said = sent(&mut dialogue);
        if said.is_empty() {
            break;
        }
        assert!(said.len() <= 64);
        for frame in said {
            assert!(frame.payload.len() <= 1024);
            arrived.extend(&frame.payload);
            dialogue.hear(&acknowledge(frame.sequence), NOW).unwrap();
        }
    }
    assert_eq!(arrived, much);
    assert!(!dialogue.is_full());
}

#[test]
fn nothing_is_typed_while_the_other_side_wants_to_pause() {
    let mut dialogue = open();
    let notice = |kind| frame(kind, 0, 0, b"").encode();
    dialogue.hear(&notice(PAUSE_PUBLICATION), NOW).unwrap();
    dialogue.say(&Typed::HangUp, NOW);
    assert_eq!(sent(&mut dialogue), []);
    dialogue.hear(&notice(START_PUBLICATION), NOW).unwrap();
    let said = sent(&mut dialogue);
    assert_eq!(
        (said[0].content, said[0].payload.as_slice()),
        (10, 2_u32.to_be_bytes().as_slice())
    );
}

#[test]
fn ecs_splits_the_line_into_the_words_that_were_given() {
    let line = |words: &[&str]| {
        let arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let command = ExecuteCommand {
            cluster: "cluster",
            task: "task",
            container: "container",
            arguments: &arguments,
        };
        command.line()
    };
    assert_eq!(line(&["node", "--version"]), "node --version");
    assert_eq!(
        line(&["sh", "-c", "echo \"$HOME\" it's"]),
        r#"sh -c 'echo "$HOME" it'\''s'"#
    );
    assert_eq!(line(&["printf", ""]), "printf ''");
}
