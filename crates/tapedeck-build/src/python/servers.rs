//! The servers that run an application object, for projects that lock none.

use tapedeck_model::PythonServer;

use super::requirements::Requirement;

/// Name, version, marker, and hash of a package that is the same for all lines of Python from 3.9 on.
type Pinned = (&'static str, &'static str, Option<&'static str>, &'static str);

const GUNICORN: [Pinned; 2] = [
    (
        "gunicorn",
        "23.0.0",
        None,
        "ec400d38950de4dfd418cff8328b2c8faed0edb0d517d3394e457c317908ca4d",
    ),
    (
        "packaging",
        "26.3",
        None,
        "d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c",
    ),
];

const UVICORN: [Pinned; 4] = [
    (
        "uvicorn",
        "0.39.0",
        None,
        "7beec21bd2693562b386285b188a7963b06853c0d006302b3e4cfed950c9929a",
    ),
    (
        "click",
        "8.1.8",
        None,
        "63c132bbbed01578a06712a2d1f497bb62d9c1c0d329b7903a866228027263b2",
    ),
    (
        "h11",
        "0.16.0",
        None,
        "63cf8bbe7522de3bf65932fda1d9c2772064ffb3dae62d55932da54b31cb6c86",
    ),
    (
        "typing-extensions",
        "4.16.0",
        Some("python_version < '3.11'"),
        "481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8",
    ),
];

/// What the server of a kind consists of.
pub(super) fn packages(server: PythonServer) -> Vec<Requirement> {
    let pinned: &[Pinned] = match server {
        PythonServer::Wsgi => &GUNICORN,
        PythonServer::Asgi => &UVICORN,
    };
    pinned
        .iter()
        .map(|(name, version, marker, hash)| {
            Requirement::exact(name, version, *marker, vec![format!("sha256:{hash}")])
        })
        .collect()
}
