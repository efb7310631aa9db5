//! From the path of a request to what is asked. Pure.

/// What a program in a task can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// Something about the container with this id, or about its task.
    Metadata { id: &'a str, about: About },
    /// Whether its task is protected from scale-in; `PUT` changes it.
    Protection { id: &'a str },
    /// An action of AWS Batch.
    Jobs { action: &'a str },
    /// Credentials for AWS; without an id when the path ends before it.
    Credentials { id: Option<&'a str> },
}

/// What metadata is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Container,
    Task,
    ContainerStats,
    TaskStats,
}

/// What a path asks for, if for anything.
pub(super) fn route(path: &str) -> Option<Route<'_>> {
    let parts: Vec<&str> = path.strip_prefix('/')?.trim_end_matches('/').split('/').collect();
    Some(match parts.as_slice() {
        ["v3" | "v4", id, rest @ ..] => Route::Metadata {
            id,
            about: match rest {
                [] => About::Container,
                ["task" | "taskWithTags"] => About::Task,
                ["stats"] => About::ContainerStats,
                ["task", "stats"] => About::TaskStats,
                _ => return None,
            },
        },
        ["api", id, "task-protection", "v1", "state"] => Route::Protection { id },
        ["v1", action] => Route::Jobs { action },
        ["v2", "credentials"] => Route::Credentials { id: None },
        ["v2", "credentials", id] => Route::Credentials { id: Some(id) },
        _ => return None,
    })
}
