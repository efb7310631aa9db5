//! The few facts that are wanted of a compiled class: for which Java it is, and whether it can be started.

/// Version of the class files of Java 0, so to speak: those of Java 17 have 61.
const MAJOR_OF_JAVA_0: u16 = 44;
/// The first Java that starts classes with a `main` that is not static or has no parameter.
const SIMPLE_MAIN: u16 = 25;

const PUBLIC: u16 = 0x0001;
const PRIVATE: u16 = 0x0002;
const STATIC: u16 = 0x0008;

/// What is known of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClassFile {
    /// The Java it was compiled for.
    pub(crate) java: u16,
    /// It can be started, or may inherit what makes it so.
    pub(crate) is_startable: bool,
}

/// The Java that a class file is for. None when it is no class file.
pub(crate) fn java_of(bytes: &[u8]) -> Option<u16> {
    let mut reader = Reader(bytes);
    reader.java()
}

/// Reads a class file. None when it is damaged.
pub(crate) fn parse(bytes: &[u8]) -> Option<ClassFile> {
    let mut reader = Reader(bytes);
    let java = reader.java()?;
    let constants = reader.constants()?;
    reader.take(4)?;
    let parent = reader.u16()?;
    let interfaces = reader.u16()?;
    reader.take(2 * usize::from(interfaces))?;
    reader.members(&constants, |_, _, _| {})?;
    let mut is_startable = false;
    reader.members(&constants, |flags, name, descriptor| {
        let is_classic =
            flags & (PUBLIC | STATIC) == PUBLIC | STATIC && descriptor == "([Ljava/lang/String;)V";
        let is_simple = java >= SIMPLE_MAIN
            && flags & PRIVATE == 0
            && matches!(descriptor, "()V" | "([Ljava/lang/String;)V");
        is_startable |= name == "main" && (is_classic || is_simple);
    })?;
    // What a parent class has is not looked at.
    let inherits = constants.class(parent) != Some("java/lang/Object");
    Some(ClassFile {
        java,
        is_startable: is_startable || inherits,
    })
}

/// An entry of the table of constants.
enum Constant<'a> {
    Text(&'a str),
    Class(u16),
    Other,
}

struct Constants<'a>(Vec<Constant<'a>>);

impl<'a> Constants<'a> {
    fn text(&self, index: u16) -> Option<&'a str> {
        match self.0.get(usize::from(index))? {
            Constant::Text(text) => Some(text),
            _ => None,
        }
    }

    fn class(&self, index: u16) -> Option<&'a str> {
        match self.0.get(usize::from(index))? {
            Constant::Class(name) => self.text(*name),
            _ => None,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Option<usize> {
        let bytes = self.take(4)?;
        usize::try_from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).ok()
    }

    fn java(&mut self) -> Option<u16> {
        if self.take(4)? != [0xca, 0xfe, 0xba, 0xbe] {
            return None;
        }
        self.take(2)?;
        self.u16()?.checked_sub(MAJOR_OF_JAVA_0)
    }

    fn constants(&mut self) -> Option<Constants<'a>> {
        let count = usize::from(self.u16()?);
        let mut found = vec![Constant::Other];
        while found.len() < count {
            let tag = self.u8()?;
            let constant = match tag {
                1 => {
                    let length = usize::from(self.u16()?);
                    // Texts in Java's own way of writing them are none that is looked for.
                    std::str::from_utf8(self.take(length)?).map_or(Constant::Other, Constant::Text)
                }
                7 => Constant::Class(self.u16()?),
                8 | 16 | 19 | 20 => self.other(2)?,
                15 => self.other(3)?,
                3 | 4 | 9 | 10 | 11 | 12 | 17 | 18 => self.other(4)?,
                5 | 6 => {
                    // These take two places.
                    found.push(Constant::Other);
                    self.other(8)?
                }
                _ => return None,
            };
            found.push(constant);
        }
        Some(Constants(found))
    }

    fn other(&mut self, length: usize) -> Option<Constant<'a>> {
        self.take(length).map(|_| Constant::Other)
    }

    /// Reads fields or methods: their flags, names and descriptors.
    fn members(&mut self, constants: &Constants<'_>, mut see: impl FnMut(u16, &str, &str)) -> Option<()> {
        for _ in 0..self.u16()? {
            let flags = self.u16()?;
            let (name, descriptor) = (self.u16()?, self.u16()?);
            see(
                flags,
                constants.text(name).unwrap_or_default(),
                constants.text(descriptor).unwrap_or_default(),
            );
            for _ in 0..self.u16()? {
                self.take(2)?;
                let length = self.u32()?;
                self.take(length)?;
            }
        }
        Some(())
    }
}
