"""The few sentences of our own, in every language that Nova Sonic speaks; all others come from the template.

Languages: https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-language-support.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """Spoken sentences. `nudge` is for the first silence, `repeat` comes before a question said again."""

    welcome_back: str
    nudge: str
    repeat: str
    lost_words: str
    lost_part: str
    time_notice: str
    time_over: str
    confirm_stop: str
    go_on: str
    one_moment: str
    take_time: str
    not_found: str


_ENGLISH = Phrases(
    welcome_back="Welcome back. Let us go on where we stopped.",
    nudge="Take your time. I am still listening.",
    repeat="Let me repeat the question.",
    lost_words="I am sorry, I lost the line for a moment.",
    lost_part="I am sorry, I lost the line for a moment and missed a part of your answer. Could you say "
    "that part again?",
    time_notice="We have only a little time left, so please keep your answer short.",
    time_over="Our time is up, so I have to stop here.",
    confirm_stop="Would you like to end the interview now?",
    go_on="Good, let us go on.",
    one_moment="One moment please, I am looking that up.",
    take_time="Of course. Take the time you need.",
    not_found="I am sorry, I can not look that up right now.",
)

_BY_LANGUAGE = {
    "en": _ENGLISH,
    "de": Phrases(
        welcome_back="Willkommen zurück. Machen wir dort weiter, wo wir aufgehört haben.",
        nudge="Lassen Sie sich Zeit. Ich höre weiter zu.",
        repeat="Ich wiederhole die Frage.",
        lost_words="Entschuldigung, die Verbindung war kurz unterbrochen.",
        lost_part="Entschuldigung, die Verbindung war kurz unterbrochen, und mir fehlt ein Teil Ihrer "
        "Antwort. Könnten Sie ihn bitte wiederholen?",
        time_notice="Wir haben nur noch wenig Zeit, bitte antworten Sie kurz.",
        time_over="Unsere Zeit ist um, deshalb muss ich hier aufhören.",
        confirm_stop="Möchten Sie das Gespräch jetzt beenden?",
        go_on="Gut, machen wir weiter.",
        one_moment="Einen Moment bitte, ich sehe nach.",
        take_time="Natürlich. Nehmen Sie sich die Zeit, die Sie brauchen.",
        not_found="Es tut mir leid, das kann ich gerade nicht nachsehen.",
    ),
    "fr": Phrases(
        welcome_back="Ravi de vous retrouver. Reprenons là où nous nous sommes arrêtés.",
        nudge="Prenez votre temps. Je vous écoute.",
        repeat="Je répète la question.",
        lost_words="Excusez-moi, la connexion a été coupée un instant.",
        lost_part="Excusez-moi, la connexion a été coupée un instant et une partie de votre réponse m'a "
        "échappé. Pourriez-vous la répéter ?",
        time_notice="Il nous reste peu de temps, merci de répondre brièvement.",
        time_over="Notre temps est écoulé, je dois m'arrêter ici.",
        confirm_stop="Souhaitez-vous terminer l'entretien maintenant ?",
        go_on="Bien, continuons.",
        one_moment="Un instant, je vérifie.",
        take_time="Bien sûr. Prenez le temps qu'il vous faut.",
        not_found="Je suis désolé, je ne peux pas le vérifier pour le moment.",
    ),
    "es": Phrases(
        welcome_back="Bienvenido de nuevo. Sigamos donde lo dejamos.",
        nudge="Tómese su tiempo. Le sigo escuchando.",
        repeat="Repito la pregunta.",
        lost_words="Disculpe, se cortó la línea un momento.",
        lost_part="Disculpe, se cortó la línea un momento y perdí una parte de su respuesta. ¿Podría repetirla?",
        time_notice="Nos queda poco tiempo, por favor responda brevemente.",
        time_over="Se nos ha acabado el tiempo, así que tengo que parar aquí.",
        confirm_stop="¿Quiere terminar la entrevista ahora?",
        go_on="Bien, sigamos.",
        one_moment="Un momento, por favor, lo estoy consultando.",
        take_time="Por supuesto. Tómese el tiempo que necesite.",
        not_found="Lo siento, ahora mismo no puedo consultarlo.",
    ),
    "it": Phrases(
        welcome_back="Bentornato. Riprendiamo da dove ci siamo fermati.",
        nudge="Si prenda il suo tempo. La sto ascoltando.",
        repeat="Ripeto la domanda.",
        lost_words="Mi scusi, la linea è caduta per un momento.",
        lost_part="Mi scusi, la linea è caduta per un momento e ho perso una parte della sua risposta. "
        "Potrebbe ripeterla?",
        time_notice="Ci resta poco tempo, la prego di rispondere brevemente.",
        time_over="Il tempo è finito, quindi devo fermarmi qui.",
        confirm_stop="Vuole terminare il colloquio adesso?",
        go_on="Bene, andiamo avanti.",
        one_moment="Un momento, sto controllando.",
        take_time="Certo. Si prenda il tempo che le serve.",
        not_found="Mi dispiace, al momento non posso verificarlo.",
    ),
    "pt": Phrases(
        welcome_back="Bem-vindo de volta. Vamos continuar de onde paramos.",
        nudge="Fique à vontade. Continuo ouvindo.",
        repeat="Vou repetir a pergunta.",
        lost_words="Desculpe, a ligação caiu por um momento.",
        lost_part="Desculpe, a ligação caiu por um momento e perdi uma parte da sua resposta. Poderia repeti-la?",
        time_notice="Temos pouco tempo, por favor responda brevemente.",
        time_over="O nosso tempo acabou, por isso tenho de parar aqui.",
        confirm_stop="Quer terminar a entrevista agora?",
        go_on="Bem, vamos continuar.",
        one_moment="Um momento, por favor, vou verificar.",
        take_time="Claro. Leve o tempo que precisar.",
        not_found="Desculpe, não consigo verificar isso agora.",
    ),
    "hi": Phrases(
        welcome_back="आपका फिर से स्वागत है। जहाँ रुके थे वहीं से आगे बढ़ते हैं।",
        nudge="आराम से सोचिए। मैं सुन रहा हूँ।",
        repeat="मैं सवाल दोहराता हूँ।",
        lost_words="माफ़ कीजिए, एक पल के लिए लाइन कट गई थी।",
        lost_part="माफ़ कीजिए, एक पल के लिए लाइन कट गई थी और आपके जवाब का एक हिस्सा मुझ तक नहीं पहुँचा। क्या आप उसे दोहरा सकते हैं?",
        time_notice="हमारे पास थोड़ा ही समय बचा है, कृपया संक्षेप में जवाब दें।",
        time_over="हमारा समय समाप्त हो गया है, इसलिए मुझे यहीं रुकना होगा।",
        confirm_stop="क्या आप साक्षात्कार अभी समाप्त करना चाहेंगे?",
        go_on="ठीक है, आगे बढ़ते हैं।",
        one_moment="एक पल रुकिए, मैं देख रहा हूँ।",
        take_time="ज़रूर। आप अपना समय लीजिए।",
        not_found="माफ़ कीजिए, मैं अभी यह नहीं देख सकता।",
    ),
}


def phrases_for(language: str) -> Phrases:
    """The sentences for a BCP 47 tag, by its primary language; English for one that Nova Sonic does not speak."""
    return _BY_LANGUAGE.get(language.split("-")[0].lower(), _ENGLISH)
