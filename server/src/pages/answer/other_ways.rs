//! The other ways to answer: to decline, to name who should answer, to register as a vendor. A small form each.

use actix_web::HttpResponse;
use kaiji_schema::reader::{self, FromMembers, Reader};
use kaiji_schema::violation::Violations;

use super::asked;
use super::asked::Asked;
use crate::exchange::{Addressee, ChainError, Exchange, LinkError, NewRegistration, Visitor};
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::fields::{Body, Fields};
use crate::pages::holder::Holder;
use crate::pages::mistakes::{Mistake, of_fields};
use crate::pages::plain::{Done, too_large};
use crate::pages::small_form::{Back, SmallForm};

const OVERVIEW: Back = Back {
    path: "/answer",
    words: "依頼の内容に戻る",
    instead: "やめる",
};

/// Why somebody declines.
pub(super) struct Reason(String);

impl FromMembers for Reason {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        reader.required_lines("reason", 2_000).map(Self)
    }
}

/// One of the ways: its form, what it reads, and what it does.
pub(super) trait Way: 'static {
    /// What is read from the fields.
    type Wish: FromMembers;
    /// The members of that, and the fields that they come from: (pointer, field, label).
    const FIELDS: &'static [(&'static str, &'static str, &'static str)];

    /// The form.
    fn form<'a>(asked: &Asked, fields: &'a Fields, mistakes: &'a [Mistake]) -> SmallForm<'a>;

    /// Does it.
    fn fulfil(exchange: &Exchange, visitor: &Visitor, wish: Self::Wish) -> Result<(), LinkError>;

    /// What is said then.
    fn done(asked: &Asked) -> Done;
}

/// Shows the form of a way.
pub(super) async fn show<W: Way>(holder: Holder) -> HttpResponse {
    let page = holder.ask(|exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        Ok(Page::ok(&W::form(&asked, &Fields::default(), &[])))
    });
    page.await
}

/// Does what was posted, or tells what is to be put right.
pub(super) async fn take<W: Way>(holder: Holder, body: Body) -> HttpResponse {
    let Some(fields) = Fields::of(body) else {
        return too_large().into();
    };
    let page = holder.ask(move |exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        let again = |mistakes: &[Mistake]| Ok(Page::wrong(&W::form(&asked, &fields, mistakes)));
        let members = W::FIELDS
            .iter()
            .map(|(pointer, field, _)| (*field, pointer.trim_start_matches('/')));
        let members: Vec<_> = members.collect();
        let document = fields.members(&members).to_string();
        match reader::read::<W::Wish>(document.as_bytes()) {
            Err(error) => again(&of_fields(Violations::from(error), W::FIELDS)),
            Ok(wish) => match W::fulfil(exchange, visitor, wish) {
                Ok(()) => Ok(Page::ok(&W::done(&asked))),
                Err(LinkError::Chain(error)) => again(&[of_chain(error)]),
                Err(LinkError::Violations(found)) => again(&of_fields(found, W::FIELDS)),
                Err(error) => Err(error),
            },
        }
    });
    page.await
}

fn of_chain(error: ChainError) -> Mistake {
    let advice = match error {
        ChainError::Circle => {
            "この相手には、すでにこの依頼が届いています。ほかの相手を指定するか、回答または辞退をお願いします。"
        }
        ChainError::TooLong => {
            "これ以上転送できません。お手数ですが、辞退の理由欄で、回答すべき相手を依頼元にお知らせください。"
        }
    };
    Mistake::at("email", "メールアドレス", advice)
}

/// 辞退
pub(super) struct Decline;

impl Way for Decline {
    type Wish = Reason;
    const FIELDS: &'static [(&'static str, &'static str, &'static str)] =
        &[("/reason", "reason", "辞退の理由")];

    fn form<'a>(asked: &Asked, fields: &'a Fields, mistakes: &'a [Mistake]) -> SmallForm<'a> {
        let reason = Field::required("reason", "辞退の理由", fields.get("reason"), mistakes);
        SmallForm {
            back: Some(OVERVIEW),
            title: "回答を辞退する",
            paragraphs: vec![format!(
                "いただいた理由は、{}に伝えられます。回答すべき相手がほかにいる場合は、辞退ではなく、その相手の指定をお願いします。",
                asked.institution
            )],
            action: "/answer/decline",
            fields: vec![reason.lines().hint("2,000文字以内で入力してください。")],
            button: "辞退を伝える",
            mistakes,
        }
    }

    fn fulfil(exchange: &Exchange, visitor: &Visitor, wish: Reason) -> Result<(), LinkError> {
        exchange.decline_by_link(visitor, wish.0)
    }

    fn done(asked: &Asked) -> Done {
        Done {
            title: "辞退を受け付けました",
            paragraphs: vec![format!(
                "理由を添えて、{}にお知らせしました。ご連絡ありがとうございました。",
                asked.institution
            )],
        }
    }
}

/// 回答すべき相手の指定
pub(super) struct Name;

impl Way for Name {
    type Wish = Addressee;
    const FIELDS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/name", "name", "会社名・部署名"),
        ("/email", "email", "メールアドレス"),
    ];

    fn form<'a>(asked: &Asked, fields: &'a Fields, mistakes: &'a [Mistake]) -> SmallForm<'a> {
        let text = |name, label| Field::required(name, label, fields.get(name), mistakes);
        SmallForm {
            back: Some(OVERVIEW),
            title: "回答すべき相手を指定する",
            paragraphs: vec![
                format!(
                    "「{}」の開発元や、運用・保守を担当する会社など、開示書に回答できる相手を指定してください。その方に、あらためて依頼をお送りします。",
                    asked.subject
                ),
                format!(
                    "指定された内容は、{}に伝えられます。このリンクでの回答はできなくなります。",
                    asked.institution
                ),
            ],
            action: "/answer/addressee",
            fields: vec![
                text("name", "会社名・部署名"),
                text("email", "メールアドレス").kind("email"),
            ],
            button: "この相手に依頼を送る",
            mistakes,
        }
    }

    fn fulfil(exchange: &Exchange, visitor: &Visitor, wish: Addressee) -> Result<(), LinkError> {
        exchange.name_addressee_by_link(visitor, wish)
    }

    fn done(asked: &Asked) -> Done {
        Done {
            title: "依頼を転送しました",
            paragraphs: vec![format!(
                "指定された相手に依頼をお送りし、{}にもお知らせしました。ご協力ありがとうございました。",
                asked.institution
            )],
        }
    }
}

/// 事業者登録の申込み
pub(super) struct Register;

impl Way for Register {
    type Wish = NewRegistration;
    const FIELDS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/organisation_name", "organisation_name", "会社名"),
        ("/corporate_number", "corporate_number", "法人番号"),
        ("/person_name", "person_name", "氏名"),
        ("/email", "email", "メールアドレス"),
    ];

    fn form<'a>(asked: &Asked, fields: &'a Fields, mistakes: &'a [Mistake]) -> SmallForm<'a> {
        let text = |name, label| Field::required(name, label, fields.get(name), mistakes);
        let number = fields.get("corporate_number");
        let number = Field::optional("corporate_number", "法人番号", number, mistakes);
        let mut paragraphs = vec![String::from(
            "事業者として登録すると、自社の鍵で署名した開示書を提出し、複数の医療機関からの依頼にまとめて対応できます。運営者が確認のうえ、登録の手順をご連絡します。",
        )];
        if asked.registration_waits {
            paragraphs.push(String::from(
                "この依頼については、すでに登録の申込みを受け付けています。運営者からの連絡をお待ちください。",
            ));
        }
        paragraphs.push(String::from(
            "登録が終わるまでは、このリンクで回答することもできます。",
        ));
        SmallForm {
            back: Some(OVERVIEW),
            title: "事業者として登録する",
            paragraphs,
            action: "/answer/registration",
            fields: vec![
                text("organisation_name", "会社名").autocomplete("organization"),
                number.hint("13桁の数字です。お持ちの場合に入力してください。"),
                text("person_name", "氏名").autocomplete("name"),
                text("email", "メールアドレス").email(),
            ],
            button: "登録を申し込む",
            mistakes,
        }
    }

    fn fulfil(
        exchange: &Exchange,
        visitor: &Visitor,
        wish: NewRegistration,
    ) -> Result<(), LinkError> {
        exchange.register_by_link(visitor, wish).map(drop)
    }

    fn done(_: &Asked) -> Done {
        Done {
            title: "登録の申込みを受け付けました",
            paragraphs: vec![String::from(
                "運営者が内容を確認し、入力されたメールアドレスにご連絡します。お急ぎの場合は、同じリンクから、登録を待たずに回答することもできます。",
            )],
        }
    }
}
