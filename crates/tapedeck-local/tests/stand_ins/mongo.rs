//! SecantusDB.

use std::process::Output;

use tapedeck_local::stand_in::Kind;

use crate::stage::{Run, Stage, refused, said};

fn mongo(run: &Run, stage: &Stage, password: &str, program: &str) -> Output {
    let program = format!(
        "
import os
from pymongo import MongoClient
client = MongoClient('127.0.0.1', 27017, username='master', password=os.environ['PASSWORD'], directConnection=True)
{program}"
    );
    run.client_with(stage, &[("PASSWORD", password)], &["python3", "-c", &program])
}

#[test]
fn what_was_written_outlives_a_kill_and_a_password_can_change() {
    let Some(mut stage) = Stage::ready(Kind::Mongo) else {
        return;
    };
    let password = "a b'c\\d\"$e";
    stage.set("MONGO_USER", "master");
    stage.set("MONGO_PASSWORD", password);
    let first = stage.start();
    eprintln!("first start {:?}, {} MiB", first.took, first.memory());
    let write = "
things = client.orders.things
things.create_index('n', unique=True)
for n in range(200): things.insert_one({'n': n})
with client.start_session() as session, session.start_transaction():
    things.insert_one({'n': 1000}, session=session)
print(things.count_documents({}))";
    assert_eq!(said(mongo(&first, &stage, password, write)), "201");
    let version = "import importlib.metadata\nprint(importlib.metadata.version('secantusdb'))";
    assert_eq!(
        said(mongo(&first, &stage, password, version)),
        stage.stand_in.version
    );
    let wrong = refused(mongo(&first, &stage, "wrong", "client.orders.things.find_one()"));
    assert!(wrong.contains("AuthenticationFailed"), "{wrong}");
    first.kill();

    stage.set("MONGO_PASSWORD", "another");
    stage.set("MONGO_ADMIN_USER", "chief");
    stage.set("MONGO_ADMIN_PASSWORD", password);
    let second = stage.start();
    eprintln!("start after a kill {:?}", second.took);
    let count = "print(client.orders.things.count_documents({}))";
    assert_eq!(said(mongo(&second, &stage, "another", count)), "201");
    refused(mongo(&second, &stage, password, count));
    let of_chief = "client = MongoClient('127.0.0.1', 27017, username='chief', password=os.environ['PASSWORD'], directConnection=True)\n";
    assert_eq!(
        said(mongo(&second, &stage, password, &format!("{of_chief}{count}"))),
        "201"
    );
    eprintln!("stop {:?}", second.stop(&stage));
    let third = stage.start();
    eprintln!("start {:?}", third.took);
    assert_eq!(said(mongo(&third, &stage, "another", count)), "201");
}
