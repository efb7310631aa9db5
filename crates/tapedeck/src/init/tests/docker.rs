//! Dockerfiles.

use expect_test::expect;

use super::super::candidate::Packaging;
use super::super::detect::candidates;
use super::{check, project};

#[test]
fn a_dockerfile_comes_after_code() {
    check(
        &[
            ("Dockerfile", "FROM scratch"),
            ("package.json", "{}"),
            ("src/main.ts", ""),
        ],
        expect![[r#"
            -: src/main.ts (TypeScript, by its usual name)
            -: Dockerfile (a Dockerfile, its own way to an image)
        "#]],
    );
}

#[test]
fn dockerfiles_have_many_names() {
    check(
        &[
            ("Dockerfile", ""),
            ("Dockerfile.worker", ""),
            ("worker.Dockerfile", ""),
            ("Dockerfile.dockerignore", ""),
            ("docker/Dockerfile", ""),
            ("dockerfile.txt", ""),
        ],
        expect![[r#"
            -: Dockerfile (a Dockerfile, its own way to an image)
            -: Dockerfile.worker (a Dockerfile, its own way to an image)
            -: worker.Dockerfile (a Dockerfile, its own way to an image)
            -: docker/Dockerfile (a Dockerfile, its own way to an image)
        "#]],
    );
}

#[test]
fn a_dockerfile_sees_its_folder_if_there_is_a_project_in_it() {
    let seen = project(&[
        ("docker/Dockerfile", ""),
        ("services/mailer/Dockerfile", ""),
        ("services/mailer/go.mod", ""),
    ]);
    let packagings: Vec<Packaging> = candidates(&seen)
        .into_iter()
        .map(|found| found.packaging)
        .collect();
    let dockerfile = |context: &str, dockerfile: &str| Packaging::Dockerfile {
        context: context.to_string(),
        dockerfile: dockerfile.to_string(),
    };
    assert_eq!(
        packagings,
        [
            dockerfile("", "docker/Dockerfile"),
            dockerfile("services/mailer", "Dockerfile")
        ]
    );
}
