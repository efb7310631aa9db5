//! The filter of system calls, as two programs for the kernel.
//!
//! The first is a list of what is allowed; the rest fails with EPERM. The second says ENOSYS to what a task had better
//! take for missing: `clone3`, whose flags a filter cannot see (C libraries fall back to `clone`, whose flags it can),
//! and calls younger than the list. The kernel takes the stricter answer of the two, and of two errors the one of
//! the program that was installed last.
//!
//! A program for another architecture (32 bit) is killed at its first call.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

use super::syscalls::{ALLOWED, ALLOWED_HERE, ALLOWED_NEW, IO_PGETEVENTS, NEWEST};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

/// Flags of `clone` that make a namespace: user, PID, network, mount, UTS, IPC and cgroup.
const NAMESPACE_FLAGS: u64 = 0x7e02_0000;

/// Sockets to the hypervisor, which know nothing of network namespaces.
const AF_VSOCK: u64 = 40;

/// What `personality` may be told: Linux, 32 bit Linux, both with `UNAME26`, and the question for the present one.
const PERSONALITIES: [u64; 5] = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// The programs, in the order they have to be installed.
pub(super) fn filters() -> Result<[BpfProgram; 2], BackendError> {
    Ok([allowed()?, missing()])
}

fn allowed() -> Result<BpfProgram, BackendError> {
    let lists = ALLOWED
        .iter()
        .chain(ALLOWED_HERE)
        .chain(ALLOWED_NEW)
        .chain(&[IO_PGETEVENTS, libc::SYS_clone3]);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = lists.map(|number| (*number, Vec::new())).collect();
    rules.insert(
        libc::SYS_clone,
        vec![first_argument(SeccompCmpOp::MaskedEq(NAMESPACE_FLAGS), 0)?],
    );
    rules.insert(
        libc::SYS_socket,
        vec![first_argument(SeccompCmpOp::Ne, AF_VSOCK)?],
    );
    let personalities = PERSONALITIES.map(|value| first_argument(SeccompCmpOp::Eq, value));
    rules.insert(
        libc::SYS_personality,
        personalities.into_iter().collect::<Result<_, _>>()?,
    );
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, ARCHITECTURE)?.try_into()
}

/// A rule about the lower half of the first argument; the calls concerned take an `int` there, or ignore the rest.
fn first_argument(operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        operator,
        value,
    )?])
}

/// Five instructions that seccompiler cannot express, as it only compares numbers for equality.
fn missing() -> BpfProgram {
    let instruction = |code: u32, jt, jf, k| sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let greater = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
    let answer = libc::BPF_RET | libc::BPF_K;
    let no_such_call = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    vec![
        // The number of the call is the first field of what the program gets to see.
        instruction(load, 0, 0, 0),
        instruction(equal, 2, 0, libc::SYS_clone3 as u32),
        instruction(greater, 1, 0, NEWEST),
        instruction(answer, 0, 0, libc::SECCOMP_RET_ALLOW),
        instruction(answer, 0, 0, no_such_call),
    ]
}
