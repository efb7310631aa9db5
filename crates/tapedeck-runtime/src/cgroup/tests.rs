//! Tests of the cgroup module: with plain folders in place of hierarchies, and in the real ones of this machine.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use fs_err as fs;
use tapedeck_model::{Cpu, MemoryMb};

use super::group::settings;
use super::*;

fn limits() -> Limits {
    Limits {
        cpu: Some(Cpu::from_vcpu(0.25).unwrap()),
        memory: MemoryMb::new(64).unwrap(),
        pids: 100,
    }
}

fn version_2(root: &Path) -> CgroupLayout {
    CgroupLayout {
        root: root.to_owned(),
        unified: Some(root.to_owned()),
        legacy: Vec::new(),
    }
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap()
}

#[test]
fn limits_in_version_1() {
    let expected = [
        ("cpu", "cpu.cfs_period_us", "100000"),
        ("cpu", "cpu.cfs_quota_us", "25000"),
        ("memory", "memory.limit_in_bytes", "67108864"),
        ("memory", "memory.memsw.limit_in_bytes", "67108864"),
        ("pids", "pids.max", "100"),
    ];
    for kind in [CgroupKind::Version1, CgroupKind::Hybrid] {
        let found = settings(kind, &limits());
        let found: Vec<_> = found
            .iter()
            .map(|(controller, file, value)| (*controller, *file, value.as_str()))
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn without_cpu_of_its_own_a_group_has_no_quota_and_weighs_as_much_as_its_like() {
    let limits = Limits {
        cpu: None,
        ..limits()
    };
    let cpu_of = |kind| {
        let mut found = settings(kind, &limits);
        found.retain(|(controller, ..)| *controller == "cpu");
        found
    };
    for kind in [CgroupKind::Version1, CgroupKind::Hybrid] {
        assert_eq!(cpu_of(kind), [("cpu", "cpu.shares", "2".to_owned())]);
    }
    assert_eq!(
        cpu_of(CgroupKind::Version2),
        [("cpu", "cpu.weight", "1".to_owned())]
    );
}

#[test]
fn version_2_enables_the_controllers_on_the_way_down_and_sets_limits() {
    let root = tempfile::tempdir().unwrap();
    let layout = version_2(root.path());
    layout
        .task("/tapedeck-x/task")
        .unwrap()
        .create(&limits())
        .unwrap();
    let enabled = "+cpu +memory +pids";
    assert_eq!(text(root.path().join("cgroup.subtree_control")), enabled);
    let parent = root.path().join("tapedeck-x");
    assert_eq!(text(parent.join("cgroup.subtree_control")), enabled);
    let group = parent.join("task");
    assert!(
        !group.join("cgroup.subtree_control").exists(),
        "a group with processes may not have it"
    );
    assert_eq!(text(group.join("cpu.max")), "25000 100000");
    assert_eq!(text(group.join("memory.max")), "67108864");
    assert_eq!(text(group.join("memory.swap.max")), "0");
    assert_eq!(text(group.join("pids.max")), "100");
}

#[test]
fn what_version_2_counts_is_read() {
    let root = tempfile::tempdir().unwrap();
    let layout = version_2(root.path());
    let group = layout.task("x").unwrap();
    fs::create_dir(root.path().join("x")).unwrap();
    let write = |name: &str, text: &str| fs::write(root.path().join("x").join(name), text).unwrap();
    write(
        "memory.events",
        "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n",
    );
    write("cgroup.events", "populated 1\nfrozen 0\n");
    write("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n");
    write("memory.current", "5000\n");
    write("memory.stat", "anon 3000\ninactive_file 1000\n");
    assert_eq!(group.oom_kills().unwrap(), 1);
    assert!(group.populated().unwrap());
    assert_eq!(
        group.usage().unwrap(),
        Usage {
            cpu: Duration::from_micros(1500),
            memory: 4000
        }
    );
}

#[test]
fn controllers_that_are_missing_are_named() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), "cpuset cpu io\n").unwrap();
    let error = version_2(root.path()).checked().unwrap_err();
    assert!(
        matches!(&error, MissingControllers::Missing { names, .. } if *names == ["memory", "pids"]),
        "{error}"
    );
    let error = CgroupLayout::detect(root.path()).unwrap_err();
    assert!(matches!(error, MissingControllers::NotMounted { .. }), "{error}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let layout = version_2("/nowhere".as_ref());
    for name in ["", "/", "..", "/x/../..", "/x//y", "./x", "x/"] {
        assert!(
            matches!(layout.task(name), Err(CgroupError::Name { .. })),
            "{name}"
        );
    }
}

/// A group of its own in the real hierarchies, with two processes in it.
struct Real {
    layout: CgroupLayout,
    name: String,
    children: [Child; 2],
}

impl Real {
    fn ready(layout: Result<CgroupLayout, MissingControllers>, name: &str) -> Option<Real> {
        let name = format!("tapedeck-unit-test-{name}-{}", std::process::id());
        let layout = match layout {
            Ok(layout) if rustix::process::geteuid().is_root() => layout,
            Ok(_) => {
                eprintln!("SKIPPED: this test needs root");
                return None;
            }
            Err(error) => {
                eprintln!("SKIPPED: this test needs real cgroups: {error}");
                return None;
            }
        };
        let children = [(); 2].map(|()| Command::new("sleep").arg("1000").spawn().unwrap());
        for mount in layout.mounts() {
            // One of them in a group below, as a task might make.
            fs::create_dir_all(mount.join(&name).join("below")).unwrap();
            for (child, folder) in children.iter().zip(["", "below"]) {
                let procs = mount.join(&name).join(folder).join("cgroup.procs");
                fs::write(procs, child.id().to_string()).unwrap();
            }
        }
        Some(Real {
            layout,
            name,
            children,
        })
    }

    fn check(mut self) {
        let group = self.layout.task(&self.name).unwrap();
        assert!(group.populated().unwrap());
        group.kill_all().unwrap();
        for child in &mut self.children {
            assert_eq!(child.wait().unwrap().code(), None, "killed, not exited");
        }
        assert!(!group.populated().unwrap());
        group.remove().unwrap();
        assert!(self.layout.mounts().all(|mount| !mount.join(&self.name).exists()));
        group.kill_all().unwrap();
        group.remove().unwrap();
        assert_eq!(group.oom_kills().unwrap(), 0);
    }
}

#[test]
fn a_real_group_is_killed_and_removed() {
    let Some(real) = Real::ready(CgroupLayout::detect(MOUNT_ROOT.as_ref()), "all") else {
        return;
    };
    real.check();
}

#[test]
fn a_real_version_2_group_is_killed_and_removed() {
    let root = Path::new(MOUNT_ROOT);
    let root = [root.join("unified"), root.to_owned()]
        .into_iter()
        .find(|root| root.join("cgroup.procs").exists());
    let layout = CgroupLayout::detect(&root.unwrap_or_else(|| "/nowhere".into()));
    let Some(real) = Real::ready(layout, "version-2") else {
        return;
    };
    assert_eq!(real.layout.kind(), CgroupKind::Version2);
    real.check();
}

#[test]
fn a_group_that_is_removed_while_it_is_read_is_none() {
    let layout = match CgroupLayout::detect(MOUNT_ROOT.as_ref()) {
        Ok(layout) if rustix::process::geteuid().is_root() => layout,
        other => {
            eprintln!("SKIPPED: this test needs root and real cgroups: {other:?}");
            return;
        }
    };
    let name = format!("tapedeck-unit-test-gone-{}", std::process::id());
    let group = layout.task(&name).unwrap();
    std::thread::scope(|scope| {
        let coming_and_going = scope.spawn(|| {
            for _ in 0..500 {
                layout
                    .mounts()
                    .for_each(|mount| fs::create_dir(mount.join(&name)).unwrap());
                group.remove().unwrap();
            }
        });
        while !coming_and_going.is_finished() {
            assert!(!group.populated().unwrap());
            assert_eq!(group.oom_kills().unwrap(), 0);
            group.usage().unwrap();
        }
    });
}

#[test]
fn a_real_version_2_group_gets_its_limits_and_keeps_its_controllers() {
    let layout = match check_controllers() {
        Ok(layout) if layout.kind() == CgroupKind::Version2 => layout,
        other => {
            eprintln!("SKIPPED: this test needs root and cgroup version 2 with controllers: {other:?}");
            return;
        }
    };
    let name = format!("tapedeck-unit-test-limits-{}", std::process::id());
    let parent = layout.task(&name).unwrap();
    let group = layout.task(&format!("{name}/task")).unwrap();
    group.create(&limits()).unwrap();
    let folder = group.unified().unwrap();
    let found = ["cpu.max", "memory.max", "memory.swap.max", "pids.max"].map(|file| {
        // Without accounting of swap there is no such file.
        fs::read_to_string(folder.join(file)).map_or("0".to_owned(), |text| text.trim().to_owned())
    });
    assert_eq!(found, ["25000 100000", "67108864", "0", "100"]);
    // An init system may take back what it did not enable; the kernel refuses while groups below use it.
    let taken = fs::write(layout.root.join("cgroup.subtree_control"), "-cpu -memory -pids");
    assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
    group.remove().unwrap();
    parent.remove().unwrap();
    assert!(!parent.unified().unwrap().exists());
}

#[test]
fn a_real_version_1_group_is_killed_and_removed() {
    let layout = CgroupLayout::detect(MOUNT_ROOT.as_ref());
    if layout
        .as_ref()
        .is_ok_and(|layout| layout.kind() == CgroupKind::Version2)
    {
        eprintln!("SKIPPED: this test needs cgroups of version 1");
        return;
    }
    let layout = layout.map(|layout| CgroupLayout {
        unified: None,
        ..layout
    });
    let Some(real) = Real::ready(layout, "version-1") else {
        return;
    };
    assert_eq!(real.layout.kind(), CgroupKind::Version1);
    real.check();
}

/// Makes the files of a group in plain folders.
fn write_group(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const PRESSURE: &str =
    "some avg10=12.50 avg60=3.00 avg300=1.00 total=99\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

#[test]
fn a_sample_of_version_2() {
    let root = tempfile::tempdir().unwrap();
    let stat = "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 40\nnr_throttled 30\nthrottled_usec 9\n";
    write_group(
        root.path(),
        &[
            ("td/task/cpu.stat", stat),
            ("td/task/cpu.pressure", PRESSURE),
            ("td/task/memory.current", "5000\n"),
            ("td/task/memory.stat", "anon 3000\ninactive_file 1000\n"),
            (
                "td/task/memory.events",
                "low 0\noom 2\noom_kill 1\noom_group_kill 0\n",
            ),
        ],
    );
    let layout = version_2(root.path());
    let mut sampler = Sampler::new(&layout);
    let expected = Sample {
        cpu: Duration::from_micros(1500),
        periods: 40,
        throttled: 30,
        pressure: Some(0.125),
        held: 5000,
        memory: 4000,
        oom_kills: 1,
        since_full: 0,
    };
    assert_eq!(sampler.sample("/td/task", None), Some(expected));
    assert_eq!(sampler.sample("/td/gone", None), None);
    write_group(root.path(), &[("td/task/memory.events", "oom_kill 2\n")]);
    let idle = Sample {
        pressure: Some(0.0),
        ..expected
    };
    let again = sampler.sample("/td/task", Some(&expected));
    assert_eq!(again, Some(idle), "a task that rests is not asked for more");
    write_group(
        root.path(),
        &[("td/task/cpu.stat", &stat.replace("1500", "900000"))],
    );
    let mut before = expected;
    let kills: Vec<u64> = (0..5)
        .map(|_| {
            before = sampler.sample("/td/task", Some(&before)).unwrap();
            before.cpu = Duration::ZERO;
            before.oom_kills
        })
        .collect();
    assert_eq!(kills, [1, 1, 1, 1, 2], "what changes slowly is read now and then");
    let throttled = Sample {
        throttled: 29,
        ..expected
    };
    let again = sampler.sample("/td/task", Some(&throttled)).unwrap();
    assert_eq!(again.oom_kills, 2, "and at once of a task that is held back");
}

#[test]
fn a_sample_of_version_1_with_and_without_a_unified_hierarchy() {
    let root = tempfile::tempdir().unwrap();
    write_group(
        root.path(),
        &[
            ("cpuacct/td/task/cpuacct.usage", "2000000\n"),
            (
                "cpu/td/task/cpu.stat",
                "nr_periods 10\nnr_throttled 4\nthrottled_time 123\n",
            ),
            ("memory/td/task/memory.usage_in_bytes", "9000\n"),
            (
                "memory/td/task/memory.stat",
                "inactive_file 1\ntotal_inactive_file 2000\n",
            ),
            (
                "memory/td/task/memory.oom_control",
                "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
            ),
            ("unified/td/task/cpu.pressure", PRESSURE),
        ],
    );
    let mount = |name: &'static str| (name, root.path().join(name));
    let mut layout = CgroupLayout {
        root: root.path().to_owned(),
        unified: Some(root.path().join("unified")),
        legacy: ["cpu", "memory", "pids", "cpuacct"].map(mount).to_vec(),
    };
    let hybrid = Sample {
        cpu: Duration::from_millis(2),
        periods: 10,
        throttled: 4,
        pressure: Some(0.125),
        held: 9000,
        memory: 7000,
        oom_kills: 3,
        since_full: 0,
    };
    assert_eq!(Sampler::new(&layout).sample("td/task", None), Some(hybrid));
    layout.unified = None;
    let version_1 = Sample {
        pressure: None,
        ..hybrid
    };
    assert_eq!(Sampler::new(&layout).sample("td/task", None), Some(version_1));
}

#[test]
fn a_real_group_is_sampled() {
    let Some(mut real) = Real::ready(CgroupLayout::detect(MOUNT_ROOT.as_ref()), "sample") else {
        return;
    };
    let mut sampler = Sampler::new(&real.layout);
    let sample = sampler.sample(&real.name, None).unwrap();
    assert!(
        sample.cpu < Duration::from_secs(60) && sample.oom_kills == 0,
        "{sample:?}"
    );
    let group = real.layout.task(&real.name).unwrap();
    group.kill_all().unwrap();
    for child in &mut real.children {
        child.wait().unwrap();
    }
    group.remove().unwrap();
    assert_eq!(sampler.sample(&real.name, None), None);
}
