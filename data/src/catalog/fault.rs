//! What can be wrong with a catalog, and where.

use std::fmt;

/// The catalog cannot be used: every fault found, not only the first.
#[derive(Debug)]
pub struct CatalogError {
    /// The faults, in order of file and line.
    pub faults: Vec<Fault>,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "图层目录有 {0} 处错误，请改正后再启动 / errors in the catalog: {0}; correct them and start again",
            self.faults.len()
        )?;
        for fault in &self.faults {
            write!(f, "\n{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CatalogError {}

/// One fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named to the program.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            problem,
        } = self;
        write!(f, "{file}:{line}:{column}: {problem}")
    }
}

/// What is wrong, with the value at fault and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says it")]
pub enum Problem {
    #[error("读不了文件：{0} / the file cannot be read: {0}")]
    Unreadable(String),
    #[error("TOML 写法有误，请按此改正：{0} / this is not TOML: {0}")]
    Syntax(String),
    #[error(
        "流程改了，版本仍是“{0}”；已按此版本办理的不能跟着变，请换一个版本 / the process says otherwise under the same version “{0}”, with which features began; give it another version"
    )]
    SameVersion(String),
    #[error("不认识键“{key}”；可用：{known} / unknown key “{key}”; known keys: {known}")]
    UnknownKey { key: String, known: String },
    #[error("缺少“{0}”，请补上 / “{0}” is missing; write it")]
    Missing(String),
    #[error("值不可用（{0}），请改正 / the value does not fit: {0}")]
    Mistyped(String),
    #[error("“{value}”不可用；可用：{known} / “{value}” is none of: {known}")]
    NoSuchChoice { value: String, known: String },
    #[error(
        "id“{id}”与文件名“{stem}.toml”不一致，请改成一致 / the id “{id}” is not the file's name “{stem}.toml”; make them one"
    )]
    IdIsNotFileName { id: String, stem: String },
    #[error(
        "名称“{0}”应为小写英文、数字、下划线，以字母开头 / the name “{0}” must be lower-case letters, digits and underscores, a letter first"
    )]
    BadName(String),
    #[error(
        "字段名“{0}”由系统保留（fid、geom、id、source_batch），请换一个 / the field name “{0}” is reserved (fid, geom, id, source_batch); choose another"
    )]
    ReservedName(String),
    #[error(
        "“{0}”重复，前一处在第 {1} 行，请删去一处 / “{0}” stands twice, first on line {1}; delete one"
    )]
    Duplicate(String, usize),
    #[error("没有主题“{name}”；可用：{known} / no theme “{name}”; known: {known}")]
    NoTheme { name: String, known: String },
    #[error(
        "没有图层“{0}”，请在 layers/{0}.toml 中写出或改正引用 / no layer “{0}”; write layers/{0}.toml or correct the reference"
    )]
    NoLayer(String),
    #[error(
        "没有代码表“{0}”，请在 codes/{0}.toml 中写出或改正引用 / no code list “{0}”; write codes/{0}.toml or correct the name"
    )]
    NoCodeList(String),
    #[error(
        "图层没有字段“{name}”；可用：{known} / the layer has no field “{name}”; its fields: {known}"
    )]
    NoField { name: String, known: String },
    #[error("代码表“{list}”没有代码“{code}” / the code list “{list}” has no code “{code}”")]
    NoCode { list: String, code: String },
    #[error(
        "上级代码“{0}”不在本表中或成环 / the parent “{0}” is not in this list, or is its own descendant"
    )]
    BadParent(String),
    #[error("“{0}”不能为空，中英文都要写 / “{0}” must not be empty; write Chinese and English")]
    EmptyText(String),
    #[error("“{0}”是空的，至少要有一项 / “{0}” is empty; one at least is needed")]
    EmptyList(&'static str),
    #[error("颜色“{0}”应为 #rrggbb / the colour “{0}” must be #rrggbb")]
    BadColor(String),
    #[error(
        "正则表达式“{pattern}”有误：{reason} / the pattern “{pattern}” is no regular expression: {reason}"
    )]
    BadPattern { pattern: String, reason: String },
    #[error(
        "取值范围 [{0}, {1}] 有误，前者应不大于后者 / the range [{0}, {1}] is out of order; the least comes first"
    )]
    BadRange(String, String),
    #[error(
        "“{key}”的值 {value} 应在 {least} 到 {greatest} 之间 / “{key}” is {value}; it must lie between {least} and {greatest}"
    )]
    OutOfBounds {
        key: &'static str,
        value: String,
        least: &'static str,
        greatest: &'static str,
    },
    #[error("“{key}”只用于{zh}字段 / “{key}” is for {en} fields only")]
    WrongKind {
        key: &'static str,
        zh: &'static str,
        en: &'static str,
    },
    #[error(
        "小数字段要写 decimals（保留几位小数） / a decimal field needs “decimals”, the places kept"
    )]
    NoDecimals,
    #[error("个人信息字段要写 mask；可用：{0} / a personal field needs a “mask”: {0}")]
    NoMask(String),
    #[error("没有脱敏方式“{name}”；可用：{known} / no mask “{name}”; known: {known}")]
    BadMask { name: String, known: String },
    #[error(
        "公开或内部字段不脱敏，请删去 mask 或把 sensitivity 改为 personal、sensitive / public and internal fields are not masked; delete the mask, or make the field personal or sensitive"
    )]
    NeedlessMask,
    #[error(
        "“{key}”用了个人信息字段“{field}”，只有 personal = true 的图层可以 / “{key}” names the personal field “{field}”; only a layer with personal = true may"
    )]
    PersonalOnMap { key: &'static str, field: String },
    #[error("partition 只用于面图层 / “partition” is for polygon layers only")]
    PartitionOfNoPolygons,
    #[error("没有图形的表不用 style，请删去 / a table has no “style”; delete it")]
    StyleOfTable,
    #[error(
        "“{0}”不是 color_by 所用码表的编码，appear 只能写其中的编码 / “{0}” is no code of the list that color_by uses; appear takes codes of it"
    )]
    UnknownAppearing(String),
    #[error("上图的图层要写 [style] / a mapped layer needs a [style]")]
    NoStyle,
    #[error(
        "“{name}”既指{first}又指{second}，导入时分不清，请删去一处 / “{name}” means both {first} and {second}; imports cannot tell, delete one"
    )]
    Ambiguous {
        name: String,
        first: String,
        second: String,
    },
    #[error(
        "没有日历“{0}”，请在 calendars/{0}.toml 中写出或改正名称 / no calendar “{0}”; write calendars/{0}.toml or correct the name"
    )]
    NoCalendar(String),
    #[error(
        "“{key}”中的 {value} 有误：时间应先后有序、互不重叠，星期为 1 到 7 / {value} in “{key}”: times must be in order and not overlap, days of the week are 1 to 7"
    )]
    BadTime { key: &'static str, value: String },
    #[error("文书格式有误：{0} / the form is at fault: {0}")]
    BadForm(String),
    #[error(
        "图层“{0}”不是只增不改的，不能作流程日志；请写 append_only = true / the layer “{0}” is not append-only and can be no log; write append_only = true"
    )]
    LogIsEdited(String),
    #[error(
        "日志图层“{log}”缺少流程所需的字段“{field}”或其类型不对 / the log “{log}” lacks the field “{field}”, or it is of another type"
    )]
    LogLacks { log: String, field: String },
    #[error(
        "状态字段“{0}”应有代码表并写 workflow = true / the state field “{0}” needs a code list and workflow = true"
    )]
    StateIsNoWorkflow(String),
    #[error(
        "流程没有状态“{name}”；可用：{known} / the process has no state “{name}”; its states: {known}"
    )]
    NoState { name: String, known: String },
    #[error(
        "流程没有步骤“{name}”；可用：{known} / the process has no step “{name}”; its steps: {known}"
    )]
    NoStep { name: String, known: String },
    #[error("没有步骤通向状态“{0}” / no step leads to the state “{0}”")]
    Unreached(String),
    #[error(
        "没有步骤离开状态“{0}”；若在此结束请写 ends = true / no step leads out of the state “{0}”; where the work ends there, write ends = true"
    )]
    NoWayOut(String),
    #[error(
        "自动步骤“{0}”的起始状态都没有时限 / the automatic step “{0}” begins in no state with a limit"
    )]
    NoLimit(String),
    #[error("时限要写 hours、days、months 之一 / a limit needs one of hours, days, months")]
    LimitWithoutLength,
    #[error(
        "条件要写 is、not、filled、above、at_most 之一 / a condition needs one of is, not, filled, above, at_most"
    )]
    ConditionWithoutTest,
    #[error(
        "指标关口要写 at_least、at_most 之一 / a figure of a gate needs one of at_least, at_most"
    )]
    GateWithoutTest,
    #[error(
        "期间的最后一项时限不能带条件，否则有的要素没有期间 / the last limit of a time to wait must be without conditions, else some features have none"
    )]
    WaitMayLack,
}
