//! Tests of what can be tested without a container: the specification, and the filter of system calls on this kernel.

use serde_json::Value;

use super::seccomp::filters;
use super::specification::{Surroundings, text};
use super::*;
use crate::tests::definition;

fn specification(definition: &TaskDefinition) -> Value {
    let cgroups = vec![("", "/b/view".into()), ("memory", "/b/cgroup-memory".into())];
    serde_json::from_str(&text(
        definition,
        &Surroundings {
            network: 9,
            cgroups,
            open_files: 65_535,
        },
    ))
    .unwrap()
}

#[test]
fn the_specification_is_one_libcontainer_understands() {
    let text = specification(&definition()).to_string();
    let parsed: libcontainer::oci_spec::runtime::Spec = serde_json::from_str(&text).unwrap();
    assert_eq!(parsed.hostname().as_deref(), Some("ip-10-0-0-7"));
}

#[test]
fn the_environment_is_not_in_the_specification() {
    let text = specification(&definition()).to_string();
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn only_root_has_capabilities_in_effect() {
    let mut definition = definition();
    let of = |definition: &TaskDefinition, set: &str| {
        specification(definition)["process"]["capabilities"][set]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        ["bounding", "effective", "permitted"].map(|set| of(&definition, set)),
        [13, 13, 13]
    );
    definition.process.uid = 1000;
    assert_eq!(
        ["bounding", "effective", "permitted"].map(|set| of(&definition, set)),
        [13, 0, 0]
    );
}

#[test]
fn the_cgroups_of_the_task_are_shown_read_only() {
    let specification = specification(&definition());
    let mounts = specification["mounts"].as_array().unwrap();
    let shown: Vec<_> = mounts.iter().filter(|mount| mount["type"] == "bind").collect();
    assert_eq!(shown[1]["destination"], "/sys/fs/cgroup/memory");
    assert_eq!(shown[1]["source"], "/b/cgroup-memory");
    assert!(
        shown
            .iter()
            .all(|mount| mount["options"].as_array().unwrap().contains(&"ro".into()))
    );
}

/// What a call fails with once the filters are in force, in a child that does nothing else; zero if it works.
fn filtered(call: impl Fn() -> libc::c_long) -> i32 {
    let filters = filters().unwrap();
    // SAFETY: the child makes system calls only, and leaves by _exit.
    unsafe {
        match libc::fork() {
            0 => {
                let installed = filters
                    .iter()
                    .all(|filter| seccompiler::apply_filter(filter).is_ok());
                let failed = call() == -1;
                let error = if failed { *libc::__errno_location() } else { 0 };
                libc::_exit(if installed { error } else { 255 })
            }
            child => {
                assert!(child > 0);
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                assert!(libc::WIFEXITED(status), "killed: {status}");
                libc::WEXITSTATUS(status)
            }
        }
    }
}

fn call(number: libc::c_long, first: libc::c_long) -> i32 {
    // SAFETY: with these arguments no call used here touches memory.
    filtered(|| unsafe { libc::syscall(number, first, 0, 0, 0, 0, 0) })
}

#[test]
fn ordinary_calls_are_allowed() {
    assert_eq!(call(libc::SYS_getpid, 0), 0);
    assert_eq!(call(libc::SYS_personality, 0xffff_ffff), 0);
    assert_eq!(filtered(|| socket(libc::AF_INET)), 0);
    assert_eq!(filtered(|| socket(libc::AF_UNIX)), 0);
    // Allowed, so the kernel itself complains about the arguments.
    assert_eq!(call(libc::SYS_close, -1), libc::EBADF);
}

#[test]
fn what_docker_refuses_is_refused() {
    let refused = [
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_pivot_root,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_userfaultfd,
        libc::SYS_reboot,
        libc::SYS_init_module,
        libc::SYS_kexec_load,
        libc::SYS_io_uring_setup,
        libc::SYS_open_by_handle_at,
        libc::SYS_fsopen,
        libc::SYS_swapon,
        libc::SYS_settimeofday,
        libc::SYS_quotactl,
        libc::SYS_acct,
    ];
    for number in refused {
        assert_eq!(call(number, 0), libc::EPERM, "call {number}");
    }
    assert_eq!(filtered(|| socket(libc::AF_VSOCK)), libc::EPERM);
    assert_eq!(call(libc::SYS_personality, 0x4_0000), libc::EPERM);
    for flag in [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWPID,
    ] {
        assert_eq!(call(libc::SYS_clone, libc::c_long::from(flag)), libc::EPERM);
    }
}

#[test]
fn what_a_library_should_do_without_seems_to_be_missing() {
    assert_eq!(call(libc::SYS_clone3, 0), libc::ENOSYS);
    for number in [467, 500, 100_000] {
        assert_eq!(call(number, 0), libc::ENOSYS);
    }
}

fn socket(family: i32) -> libc::c_long {
    // SAFETY: plain numbers.
    unsafe { libc::syscall(libc::SYS_socket, family, libc::SOCK_STREAM, 0) }
}
