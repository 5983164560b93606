//! One field of a layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Serial, Text};

/// A field: its name, meaning, limits, and who may see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// `snake_case` English name: column, JSON key and form field alike.
    pub name: String,
    /// Title in forms, tables and legends.
    pub label: Text,
    /// Type of the values.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Unit of the stored value: `m2`, `m`, `fen`, `%`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Decimal places kept, for decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// Least and greatest value, both allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Greatest length in characters, for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Regular expression that a whole text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// How new features are numbered where their author gives no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    /// Rule beyond its form that a value must meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// When the check holds; always where this is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_when: Option<CheckWhen>,
    /// Code list that the value belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_list: Option<String>,
    /// Code lists that another field chooses between: `code_list` holds where it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_list_when: Option<CodeListWhen>,
    /// Layer whose id this field holds; in a JSON field, a list of such ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether a feature goes with the one that it names; else the one that is named stays as
    /// long as anything names it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cascade: bool,
    /// Whether a value must be there.
    #[serde(default)]
    pub required: bool,
    /// Whether no two features may share a value.
    #[serde(default)]
    pub unique: bool,
    /// Whether features are looked up by it, so that the file keeps an index. References and
    /// unique fields have one by themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indexed: bool,
    /// Whether only the steps of a workflow set it, and no edit: a case's state follows from
    /// what was done, with who, when and on which paper.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub workflow: bool,
    /// Whether the server writes into it the account that makes a feature, and nobody else
    /// sets it: who reported an event follows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub author: bool,
    /// Who may see it.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// How it is masked: `name`, `id_number`, `phone`, `plate`, `address`, `birth`, `hidden`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Titles that imports know it by: standard field codes, other spellings, cut names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What the number means and where the rule comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// A rule that a value is held against beyond its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// 公民身份号码, GB 11643-1999: 18 characters, or the old 15 digits.
    Gb11643,
    /// 统一社会信用代码, GB 32100-2015.
    Uscc,
    /// A formula over named figures that can be read.
    Formula,
    /// A list of dated reliefs of rent, in a JSON field.
    Reliefs,
}

/// When a check holds: a passport has no check digit of GB 11643.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckWhen {
    /// The field that decides.
    pub field: String,
    /// The check holds where that field is empty or has one of these values.
    pub values: Vec<String>,
}

/// Which code list holds, by the value of another field of the same feature.
///
/// 0702 is 城镇社区服务设施用地 in 用地用海 and 农村宅基地 in GB/T 21010: a land-use code only
/// means something beside its standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeListWhen {
    /// The field that chooses.
    pub field: String,
    /// Code list by value of that field.
    pub lists: BTreeMap<String, String>,
}

/// The type of a field's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum FieldKind {
    #[default]
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Json,
}

/// Who may see a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// 公开: anyone.
    #[default]
    Public,
    /// 内部: signed-in staff.
    Internal,
    /// 个人信息: masked unless the role has the right.
    Personal,
    /// 敏感个人信息: masked unless the role has the right and gives a reason.
    Sensitive,
}

impl Sensitivity {
    /// Whether values are about a person, and so never leave unmasked nor enter a tile.
    pub fn is_personal(self) -> bool {
        self >= Self::Personal
    }
}
