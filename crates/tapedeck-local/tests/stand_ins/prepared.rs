//! Preparing what is prepared already.

use std::ffi::OsStr;
use std::time::Instant;

use tapedeck_local::stand_in::Kind;

use crate::stage::{Stage, prepared};

#[test]
fn an_image_that_is_there_is_not_made_again() {
    for kind in Kind::ALL {
        let Some(stage) = Stage::ready(kind) else { continue };
        let began = Instant::now();
        // Where no program is found, none is started.
        let (again, _) = prepared(kind, OsStr::new("")).unwrap();
        eprintln!("{kind} {} again in {:?}", again.version, began.elapsed());
        assert_eq!(again, stage.stand_in);
    }
}
