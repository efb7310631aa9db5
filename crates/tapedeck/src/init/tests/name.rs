//! Names of services.

use super::super::name::service_name;

#[test]
fn names_are_made_of_what_there_is() {
    let cases = [
        (Some("mailer"), "folder", "mailer"),
        (Some("mail-worker"), "folder", "mailWorker"),
        (Some("mail_worker.v2"), "folder", "mailWorkerV2"),
        (Some("MailWorker"), "folder", "mailWorker"),
        (Some("API"), "folder", "api"),
        (Some("my-API"), "folder", "myApi"),
        (Some("2nd-worker"), "folder", "2ndWorker"),
        (Some("..."), "Mail Worker", "mailWorker"),
        (Some("größe"), "mail", "mail"),
        (None, "mail", "mail"),
        (None, "почта", "worker"),
        (None, "", "worker"),
    ];
    for (own, folder, expected) in cases {
        assert_eq!(
            service_name(own, folder).as_str(),
            expected,
            "{own:?} in {folder}"
        );
    }
}

#[test]
fn names_are_cut_short() {
    let long = "word-".repeat(50);
    let name = service_name(Some(&long), "folder");
    assert_eq!(name.as_str().len(), 40);
    assert!(name.as_str().starts_with("wordWordWord"), "{name}");
}
