//! Java.

use expect_test::expect;

use super::super::candidate::Strength;
use super::super::detect::candidates;
use super::{check, project};

const MAIN: &str = "class Main {\n    public static void main(String[] arguments) {}\n}\n";

#[test]
fn the_main_class_of_maven_goes_first() {
    check(
        &[
            (
                "pom.xml",
                "<project><parent><artifactId>parent</artifactId></parent><artifactId>mail-worker</artifactId>\
                 <mainClass>com.acme.Mailer</mainClass></project>",
            ),
            ("src/main/java/com/acme/Mailer.java", MAIN),
            (
                "src/main/java/com/acme/App.java",
                "public   static\nvoid main (String... a) {}",
            ),
            ("src/main/java/com/acme/Queue.java", "class Queue {}"),
        ],
        expect![[r#"
            mail-worker: src/main/java/com/acme/Mailer.java (Java, the main class of pom.xml)
            mail-worker: src/main/java/com/acme/App.java (Java, with `public static void main`)
        "#]],
    );
}

#[test]
fn gradle_names_its_main_class_in_several_ways() {
    for line in [
        "mainClass = 'com.acme.Mailer'",
        "mainClass.set(\"com.acme.Mailer\")",
        "mainClassName = \"com.acme.Mailer\"",
    ] {
        let found = candidates(&project(&[
            ("build.gradle.kts", &format!("application {{\n    {line}\n}}\n")),
            ("settings.gradle.kts", "rootProject.name = \"post\"\n"),
            ("src/main/java/com/acme/Mailer.java", MAIN),
        ]));
        assert_eq!(found[0].strength, Strength::Named(0), "{line}");
        assert_eq!(found[0].name.as_deref(), Some("post"), "{line}");
    }
}

#[test]
fn an_application_of_spring_boot_is_told_from_other_programs() {
    check(
        &[
            ("build.gradle", "plugins { id 'java' }"),
            ("src/main/java/a/Aardvark.java", MAIN),
            (
                "src/main/java/z/ShopApplication.java",
                "@SpringBootApplication\npublic class ShopApplication { public static void main(String[] a) {} }",
            ),
        ],
        expect![[r#"
            -: src/main/java/z/ShopApplication.java (Java, a Spring Boot application)
            -: src/main/java/a/Aardvark.java (Java, with `public static void main`)
        "#]],
    );
}

#[test]
fn modules_are_projects_of_their_own() {
    check(
        &[
            ("pom.xml", "<artifactId>all</artifactId>"),
            (
                "mailer/pom.xml",
                "<artifactId>mailer</artifactId><mainClass>${main.class}</mainClass>",
            ),
            ("mailer/src/main/java/Mailer.java", MAIN),
        ],
        expect![[r#"
            mailer: mailer/src/main/java/Mailer.java (Java, with `public static void main`)
        "#]],
    );
}

#[test]
fn a_class_without_a_project_is_none() {
    check(&[("Main.java", MAIN)], expect![[""]]);
}
