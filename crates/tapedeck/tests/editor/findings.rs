//! What an editor says about a file.

use tapedeck_config::explain::explain;
use tapedeck_resources::CATALOGUE;

use crate::{Editor, GOOD};

#[test]
fn nothing_is_said_about_files_that_are_right() {
    let Some(mut editor) = Editor::new() else { return };
    assert_eq!(editor.findings(GOOD), Vec::<String>::new());
    let with_directives = format!(
        "variables: {{ cpu: 0.5 }}
{GOOD}      scaling: $File('scaling.yml').mailer
      stopTimeout: $Var().stopTimeout
      environment:
        - name: STAGE
          value: $Stage()
        - {{ name: PASSWORD, value: \"$Secret('mail.password')\" }}
        - $File('variable.yml')
      enableRemoteSessions: $Env('DEBUG', 'false')
"
    );
    assert_eq!(editor.findings(&with_directives), Vec::<String>::new());
    let of_mapping = format!("{GOOD}      environment: {{ PORT: 80, DEBUG: true, STAGE: $Stage() }}\n");
    assert_eq!(editor.findings(&of_mapping), Vec::<String>::new());
}

#[test]
fn nothing_is_said_about_the_example_of_any_type() {
    let Some(mut editor) = Editor::new() else { return };
    let kinds = CATALOGUE.types.iter().filter(|kind| kind.properties.is_some());
    let examples = kinds.map(|kind| {
        let explained = explain(&CATALOGUE, kind.name).expect("the type is there");
        explained.example.expect("types have examples")
    });
    // All at once: the server waits a little for more before it judges a file.
    let opened: Vec<(String, String)> = examples.map(|example| (editor.open(&example), example)).collect();
    for (address, example) in opened {
        let findings = editor.server.findings(&address);
        assert!(findings.is_empty(), "{findings:#?} about\n{example}");
    }
}

#[test]
fn mistakes_are_told_where_they_are() {
    let Some(mut editor) = Editor::new() else { return };
    let mistakes = [
        (
            GOOD.replace("packaging:", "packagin:"),
            &[
                "4: Missing property \"packaging\".",
                "5: Property packagin is not allowed.",
            ][..],
        ),
        (
            GOOD.replace("stacktape-image-buildpack", "stacktape-image"),
            &[
                "6: Value is not accepted. Valid values: \"stacktape-image-buildpack\", \"custom-dockerfile\", \
               \"external-buildpack\", \"nixpacks\", \"prebuilt-image\".",
            ],
        ),
        (
            GOOD.replace("0.25", "3"),
            &["8: Value is not accepted. Valid values: 0.25, 0.5, 1, 2, 4, 8, 16."],
        ),
        (
            format!("{GOOD}      stopTimeout: 1\n"),
            &["9: Value is below the minimum of 2."],
        ),
        (
            format!("{GOOD}      port: 80\n"),
            &["9: A worker service cannot be reached; use a private-service or a web-service."],
        ),
        (
            format!("serviceName: shop\n{GOOD}"),
            &["1: serviceName is an older name: use projectName instead"],
        ),
        (
            format!("{GOOD}      stopTimeout: $Secret('timeout')\n"),
            &[
                "9: Neither of the type that belongs here nor a call of a directive that is known when the file is \
               read, such as $Var().size",
            ],
        ),
    ];
    for (text, expected) in mistakes {
        assert_eq!(editor.findings(&text), expected, "about\n{text}");
    }
}
