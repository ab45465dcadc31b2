"""The names of columns in the languages in which spreadsheets are written.

They are only suggestions: an admin is asked about them. The names that mean a column without a question are the aliases
in `columns.py`. To teach the check a name, add it to its language as people write it.
"""

# The keys of two pseudo columns, which aren't stored. A full name is split into first and last name.
FULL_NAME = "full_name"
# "Name" is a last name beside a first name, a first name beside a last name, and otherwise a full name.
NAME = "name"

# In each table, the names of a language are separated by commas.
_WORK_EMAIL = {
    "English": "work email, work email address, business email, company email",
    "French": "email professionnel",
    "Danish": "arbejdsmail, firmamail",
    "Dutch": "werkmail",
    "Finnish": "työsähköposti",
    "German": "Dienstmail, Firmenmail",
    "Icelandic": "vinnunetfang",
    "Norwegian": "jobbepost",
    "Swedish": "jobbmejl, arbetsmejl",
    "Japanese": "会社メールアドレス, 会社メール, 勤務先メールアドレス, 業務用メールアドレス",
    "Chinese": "工作邮箱, 公司邮箱, 企业邮箱, 工作郵箱, 公司信箱, 公司電郵, 企業郵箱",
}
_EMAIL = {
    "English": "email, email address, mail, mails, emails, email id, e-mail 1 - value, email 1, email address 1, "
    "primary email, primary email address, mail address, email addresses, contact email, user email, email to invite, "
    "email address to invite, inviteeemail, mailbox, electronic mail, smtp address, primary smtp address, mail id, "
    "windows email address, email addr, mail 1",
    "French": "adresse e-mail, adresse mail, mail, courriel, adresse courriel, mél, adresse électronique, "
    "adresse de courriel, adresse de messagerie, courrier électronique",
    "German": "E-Mail-Adresse, Mailadresse, E-Mail, Mail, E-Mail Adressen, Email-Anschrift, elektronische Adresse",
    "Spanish": "correo, correo-e, correo electrónico, dirección de correo, dirección de correo electrónico, "
    "dirección de email, e-mail, dirección electrónica",
    "Italian": "indirizzo email, indirizzo mail, posta elettronica, indirizzo di posta, "
    "indirizzo di posta elettronica, email, recapito email",
    "Portuguese": "endereço de e-mail, e-mail, correio eletrônico, endereço eletrônico, "
    "endereço de correio eletrónico, correio electrónico",
    "Dutch": "e-mailadres, mailadres, e-mail",
    "Danish": "e-mail, mailadresse, e-mailadresse, e-post",
    "Norwegian": "e-post, e-postadresse, mailadresse",
    "Swedish": "e-post, e-postadress, mejl, mejladress, mailadress, e-mailadress",
    "Finnish": "sähköposti, sähköpostiosoite, e-mail, s-posti, meiliosoite",
    "Icelandic": "netfang, tölvupóstur, tölvupóstfang, póstfang",
    "Estonian": "e-post, e-posti aadress, meil, meiliaadress, e-mail",
    "Latvian": "e-pasts, e-pasta adrese",
    "Lithuanian": "el. paštas, el. pašto adresas, elektroninis paštas, e. paštas",
    "Polish": "e-mail, adres e-mail, poczta, poczta elektroniczna, adres mailowy, adres poczty elektronicznej, mail",
    "Czech": "e-mail, e-mailová adresa, mail, elektronická pošta, mailová adresa, elektronická adresa",
    "Slovak": "e-mail, e-mailová adresa, elektronická pošta, mailová adresa",
    "Slovenian": "e-pošta, e-poštni naslov, e-naslov, elektronska pošta, elektronski naslov, naslov e-pošte",
    "Croatian and Serbian": "e-pošta, e-mail adresa, elektronička pošta, adresa e-pošte, mejl, imejl, e-mail, "
    "elektronska pošta, mail adresa, имејл, е-пошта, електронска пошта, имејл адреса, мејл",
    "Hungarian": "e-mail, e-mail cím, elektronikus levélcím, mail, mailcím, elérhetőség e-mail, e-mail elérhetőség",
    "Romanian": "e-mail, adresă de e-mail, adresă email, poștă electronică",
    "Turkish": "e-posta, e-posta adresi, e-mail adresi, mail adresi, mail, elektronik posta",
    "Greek": "email, ηλεκτρονικό ταχυδρομείο, διεύθυνση email, ηλεκτρονική διεύθυνση, "
    "διεύθυνση ηλεκτρονικού ταχυδρομείου, ηλ. ταχυδρομείο, μέιλ, ιμέιλ",
    "Russian": "электронная почта, почта, эл. почта, адрес электронной почты, емейл, имейл, e-mail, емайл, e-майл, "
    "эл. адрес, электронный адрес, адрес почты, мейл, адрес эл. почты, email адрес, е-mail",
    "Ukrainian": "електронна пошта, пошта, ел. пошта, адреса електронної пошти, імейл, емейл, електронна адреса, "
    "е-пошта, ел. адреса",
    "Bulgarian": "имейл, електронна поща, имейл адрес, е-мейл, ел. поща, поща, мейл, имейли, е-поща, имейл адреси, "
    "е-mail, e-поща",
    "Arabic": "البريد الإلكتروني, بريد إلكتروني, الايميل, ايميل, عنوان البريد الإلكتروني, البريد",
    "Hebrew": 'דוא"ל, דואר אלקטרוני, אימייל, מייל, כתובת מייל, כתובת דוא"ל, כתובת אימייל, כתובת דואר אלקטרוני',
    "Persian": "ایمیل, پست الکترونیک, آدرس ایمیل, پست الکترونیکی, رایانامه, نشانی ایمیل",
    "Japanese": "メールアドレス, メール, eメール, 電子メール, eメールアドレス, 電子メールアドレス, メアド, "
    "e-mailアドレス, eメール1, 連絡先メールアドレス",
    "Chinese": "邮箱, 电子邮件, 邮件, 邮箱地址, 电子邮箱, 电邮, 邮件地址, 电子邮件地址, email地址, 邮箱账号, "
    "電子郵件, 電郵, 信箱, 電子信箱, 電子郵件地址, 電郵地址, 郵箱, email信箱, 電子郵箱, 電子郵件信箱, 郵件",
    "Korean": "이메일, 이메일 주소, 메일, 전자우편, 메일주소, 전자메일, e메일, 전자 메일 주소",
    "Vietnamese": "email, thư điện tử, địa chỉ email, địa chỉ thư điện tử, hộp thư",
    "Indonesian": "surel, alamat email, alamat surel, email",
    "Thai": "อีเมล, ที่อยู่อีเมล",
}
_PRIVATE_EMAIL = {
    "English": "private email, personal email, home email, e-mail 2 - value, email 2, e-mail 2 address, "
    "email address 2, email 3, mail 2",
    "German": "E-Mail-Adresse 2",
    "Danish": "privatmail",
    "Dutch": "privémail",
    "Japanese": "個人メールアドレス, 個人メール",
    "Chinese": "个人邮箱, 私人邮箱, 個人郵箱, 個人信箱",
}
# These may hold addresses.
_ACCOUNT = {
    "English": "user principal name, upn, username, login, login name, user id, user, account, sign-in name, contact, "
    "address, google email, apple id, microsoft account, sign in, logon name, login id",
    "French": "identifiant, nom d'utilisateur, adresse, contact, compte",
    "German": "Benutzername, Anmeldename, Benutzer, Adresse, Kontakt, Benutzerprinzipalname, Konto",
    "Spanish": "usuario, nombre de usuario, dirección, contacto, cuenta",
    "Italian": "nome utente, utente, contatto, indirizzo",
    "Portuguese": "usuário, nome de usuário, utilizador, nome de utilizador, contato, contacto, login",
    "Dutch": "gebruikersnaam, gebruiker, contact, inlognaam",
    "Danish": "brugernavn, bruger, kontakt",
    "Norwegian": "brukernavn, bruker, kontakt",
    "Swedish": "användarnamn, användare, kontakt",
    "Finnish": "käyttäjätunnus, käyttäjänimi",
    "Polish": "nazwa użytkownika, użytkownik, login, kontakt",
    "Czech": "uživatelské jméno, uživatel, přihlašovací jméno, kontakt",
    "Slovak": "používateľské meno, používateľ, prihlasovacie meno",
    "Croatian and Serbian": "korisničko ime, korisnik, kontakt",
    "Hungarian": "felhasználónév, felhasználó, bejelentkezési név, elérhetőség, kapcsolat",
    "Romanian": "utilizator, nume utilizator, nume de utilizator, contact",
    "Turkish": "kullanıcı adı, kullanıcı, iletişim",
    "Greek": "όνομα χρήστη, χρήστης, επικοινωνία",
    "Russian": "логин, имя пользователя, пользователь, контакт, контакты, учетная запись",
    "Ukrainian": "логін, ім'я користувача, користувач, контакт, контакти",
    "Bulgarian": "потребителско име, потребител, контакт, контакти",
    "Arabic": "اسم المستخدم, المستخدم",
    "Hebrew": "שם משתמש, משתמש",
    "Japanese": "ユーザー名, ユーザーid, ログインid, アカウント, 連絡先",
    "Chinese": "用户名, 账号, 登录名, 用戶名, 帳號, 使用者名稱, 联系方式, 聯絡方式",
    "Korean": "사용자 이름, 아이디, 계정, 연락처",
    "Vietnamese": "tên đăng nhập, tên người dùng, tài khoản, liên hệ",
}
_FIRST_NAME = {
    "English": "first name, given name, forename, first, given, christian name, fname, first names, given names, "
    "forenames, legal first name, preferred first name, prename, legal name first name, preferred name first name, "
    "name first",
    "French": "prénom, prénoms, prénom usuel, prénom d'usage",
    "German": "Vorname, Vornamen, Rufname",
    "Spanish": "nombre de pila, nombres, primer nombre",
    "Italian": "nome di battesimo, nome proprio, primo nome",
    "Portuguese": "primeiro nome, nome próprio, nomes próprios, prenome",
    "Dutch": "voornaam, voornamen, roepnaam",
    "Danish": "fornavn, fornavne",
    "Norwegian": "fornavn, fornamn",
    "Swedish": "förnamn, tilltalsnamn",
    "Finnish": "etunimi, etunimet, kutsumanimi",
    "Icelandic": "fornafn, eiginnafn, skírnarnafn",
    "Estonian": "eesnimi, eesnimed",
    "Latvian": "vārds",
    "Lithuanian": "vardas",
    "Polish": "imię, imiona, pierwsze imię",
    "Czech": "křestní jméno",
    "Slovak": "krstné meno",
    "Hungarian": "keresztnév, utónév, utónevek, keresztnevek",
    "Romanian": "prenume, prenumele",
    "Turkish": "ilk ad, ön ad, ön adı, ilk adı",
    "Greek": "μικρό όνομα, κύριο όνομα",
    "Russian": "имя отчество, имя и отчество",
    "Ukrainian": "ім'я по батькові, ім'я та по батькові",
    "Bulgarian": "собствено име, първо име, лично име",
    "Croatian and Serbian": "osobno ime, vlastito ime, лично име",
    "Arabic": "الاسم الأول, اسم أول, الاسم الشخصي",
    "Hebrew": "שם פרטי, פרטי, שם ראשון",
    "Persian": "نام کوچک",
    "Japanese": "名, 下の名前, ファーストネーム, 名 漢字",
    "Chinese": "名",
    "Vietnamese": "tên riêng, tên gọi, tên và tên đệm, tên đệm và tên",
    "Indonesian": "nama depan",
    "Thai": "ชื่อจริง, ชื่อต้น",
}
_LAST_NAME = {
    "English": "last name, surname, family name, last, family, lname, sn, surnames, last names, legal last name, "
    "preferred last name, legal name last name, preferred name last name, name last, family names",
    "French": "nom de famille, nom patronymique, nom d'usage, nom usuel, patronyme",
    "German": "Nachname, Familienname, Zuname, Nachnamen, Familiennamen",
    "Spanish": "apellido, apellidos, primer apellido, apellido 1, 1er apellido, apellido paterno, los apellidos",
    "Italian": "cognome, cognomi",
    "Portuguese": "sobrenome, apelido, último nome, nome de família, apelidos, sobrenomes",
    "Catalan": "cognom, cognoms, llinatges",
    "Dutch": "achternaam, familienaam, achternamen, geslachtsnaam",
    "Danish": "efternavn, efternavne",
    "Norwegian": "etternavn, etternamn, slektsnavn",
    "Swedish": "efternamn, släktnamn",
    "Finnish": "sukunimi",
    "Icelandic": "eftirnafn, föðurnafn, kenninafn, ættarnafn",
    "Estonian": "perekonnanimi, perenimi",
    "Latvian": "uzvārds",
    "Lithuanian": "pavardė",
    "Polish": "nazwisko, nazwiska",
    "Czech": "příjmení",
    "Slovak": "priezvisko",
    "Slovenian": "priimek",
    "Croatian and Serbian": "prezime",
    "Hungarian": "vezetéknév, családnév, családi név, családi, vezetéknevek, vezeték",
    "Romanian": "nume de familie, numele de familie",
    "Turkish": "soyad, soyadı, soyisim, soyismi",
    "Greek": "επώνυμο, επίθετο",
    "Russian": "фамилия, фамилии",
    "Ukrainian": "прізвище, прізвища",
    "Bulgarian": "фамилия, фамилно име, последно име",
    "Arabic": "اسم العائلة, اللقب, الاسم الأخير, الكنية, لقب, اسم الأسرة, الاسم العائلي, النسب",
    "Hebrew": "שם משפחה, משפחה",
    "Persian": "نام خانوادگی, فامیلی",
    "Japanese": "姓, 氏, 苗字, ラストネーム, 姓 漢字",
    "Chinese": "姓, 姓氏",
    "Korean": "성, 성씨",
    "Vietnamese": "họ, họ và tên đệm, họ và tên lót, họ đệm, họ và chữ lót, họ lót",
    "Indonesian": "nama belakang, nama keluarga",
    "Thai": "นามสกุล, สกุล",
}
# If there is no other first or last name.
_OTHER_FIRST_NAME = {
    "English": "preferred name, nickname, known as",
    "German": "Spitzname",
}
_OTHER_LAST_NAME = {
    "English": "second name, maiden name",
    "French": "nom de naissance",
    "German": "Geburtsname",
    "Czech": "rodné příjmení",
    "Slovak": "rodné priezvisko",
    "Spanish": "segundo apellido, apellido materno, apellido 2, 2º apellido",
    "Croatian and Serbian": "презиме",
}
# "First name and last name" in any language needs no line here, because both are known.
_FULL_NAME = {
    "English": "full name, display name, complete name, names, whole name, real name, first last, first middle last, "
    "employee name, person, employee, member, participant, attendee, people, full legal name, cn, common name, "
    "legal name, staff member, student, preferred full name, name display",
    "French": "nom complet, nom affiché, nom d'affichage, noms, collaborateur, salarié, personne, participant, employé",
    "German": "vollständiger Name, voller Name, ganzer Name, Vor- und Nachname, Vor- und Zuname, Vor- u. Zuname, "
    "Anzeigename, Namen, Nach- und Vorname, Mitarbeiter, Mitarbeitername, Person, Teilnehmer, Mitarbeitende, "
    "Mitarbeiterin, Vor-/Nachname, Vor- u. Nachname, Name komplett, Ansprechpartner",
    "Spanish": "nombre completo, nombre para mostrar, nombre y apellidos, nombre y apellido, empleado, persona, "
    "trabajador, colaborador, participante",
    "Italian": "nome completo, nominativo, nome visualizzato, dipendente, persona, nominativi, collaboratore, "
    "partecipante",
    "Portuguese": "nome completo, nome de exibição, nome a apresentar, funcionário, colaborador, pessoa, empregado, "
    "participante",
    "Catalan": "nom complet, nom i cognoms",
    "Dutch": "volledige naam, voor- en achternaam, weergavenaam, medewerker, werknemer, namen, deelnemer, persoon, "
    "naam medewerker, achter- en voornaam",
    "Danish": "fulde navn, fuldt navn, for- og efternavn, medarbejder, vist navn, deltager, hele navnet, navne",
    "Norwegian": "fullt navn, fullstendig navn, for- og etternavn, ansatt, visningsnavn, deltaker, hele navnet",
    "Swedish": "fullständigt namn, för- och efternamn, hela namnet, visningsnamn, medarbetare, anställd, deltagare",
    "Finnish": "koko nimi, etu- ja sukunimi, näyttönimi, työntekijä, suku- ja etunimi, nimet, henkilö, osallistuja",
    "Icelandic": "fullt nafn, heiti, starfsmaður, nöfn",
    "Estonian": "täisnimi, ees- ja perekonnanimi, töötaja, perekonna- ja eesnimi",
    "Latvian": "pilns vārds, darbinieks",
    "Lithuanian": "vardas pavardė, visas vardas, darbuotojas",
    "Polish": "pełne imię i nazwisko, pełna nazwa, imię nazwisko, pracownik, nazwa wyświetlana, pełne imię, osoba, "
    "uczestnik",
    "Czech": "celé jméno, zobrazované jméno, zaměstnanec, pracovník, jména, plné jméno, osoba, účastník",
    "Slovak": "celé meno, zobrazované meno, zamestnanec, pracovník, mená, účastník",
    "Slovenian": "polno ime, zaposleni, celotno ime",
    "Croatian and Serbian": "puno ime, zaposlenik, radnik, пуно име, запослени, zaposleni, djelatnik, sudionik",
    "Hungarian": "teljes név, megjelenítendő név, megjelenített név, munkavállaló, dolgozó, munkatárs, nevek, "
    "vezeték- és keresztnév, vezeték- és utónév, dolgozó neve, munkavállaló neve, munkatárs neve, résztvevő, neve, "
    "viselt név, személy, alkalmazott, felhasználó neve, résztvevő neve, kolléga, tag neve, tanuló neve, diák neve, "
    "hallgató neve",
    "Romanian": "nume complet, nume afișat, angajat, nume întreg, salariat, persoană, numele complet, participant",
    "Turkish": "ad soyad, adı soyadı, tam ad, tam adı, isim soyisim, görünen ad, personel, çalışan, tam isim, "
    "katılımcı, personel adı soyadı",
    "Greek": "ονοματεπώνυμο, πλήρες όνομα, εργαζόμενος, υπάλληλος, ον/μο, ον/νυμο",
    "Russian": "фио, полное имя, сотрудник, работник, фамилия имя отчество, отображаемое имя, "
    "фамилия имя отчество сотрудника, участник, фио сотрудника, фио полностью, фамилия и. о.",
    "Ukrainian": "піб, повне ім'я, прізвище ім'я по батькові, працівник, співробітник, піб працівника, "
    "піб співробітника, учасник, прізвище та ім'я, пібп",
    "Bulgarian": "пълно име, три имена, имена, служител, име презиме фамилия, трите имена, работник, участник",
    "Arabic": "الاسم الكامل, الاسم كاملا, الاسم بالكامل, اسم الموظف, الموظف, الاسم الثلاثي, الاسم الرباعي, اسم المشارك",
    "Hebrew": "שם מלא, שם העובד, עובד, שם עובד, שם פרטי ומשפחה, שם ושם משפחה, שם משתתף",
    "Persian": "نام و نام خانوادگی, نام کامل",
    "Japanese": "氏名, フルネーム, お名前, 姓名, 社員名, 表示名, 従業員名, 漢字氏名, 氏名 漢字, 担当者名, 担当者, "
    "参加者名, 御名前",
    "Chinese": "姓名, 全名, 员工姓名, 中文姓名, 員工姓名, 真实姓名, 显示名称, 顯示名稱, 學生姓名, 学生姓名, 中文名, "
    "真實姓名, 成员姓名, 用户姓名, 联系人, 聯絡人, 參加者姓名",
    "Korean": "성명, 전체 이름, 직원명, 성함, 사원명, 표시 이름, 직원 이름, 담당자, 참가자",
    "Vietnamese": "họ và tên, họ tên, tên đầy đủ, họ tên nhân viên, tên nhân viên, họ và tên nhân viên, nhân viên, "
    "tên hiển thị",
    "Indonesian": "nama lengkap, karyawan, nama karyawan",
    "Thai": "ชื่อ-นามสกุล, ชื่อเต็ม, ชื่อ-สกุล",
}
_NAME = {
    "English": "name",
    "French": "nom",
    "German": "Name",
    "Spanish": "nombre",
    "Italian": "nome",
    "Portuguese": "nome",
    "Catalan": "nom",
    "Dutch": "naam",
    "Danish": "navn",
    "Norwegian": "navn",
    "Swedish": "namn",
    "Finnish": "nimi",
    "Icelandic": "nafn",
    "Estonian": "nimi",
    "Czech": "jméno",
    "Slovak": "meno",
    "Slovenian": "ime",
    "Croatian and Serbian": "ime, име",
    "Hungarian": "név",
    "Romanian": "nume, numele",
    "Turkish": "ad, adı, isim, ismi",
    "Greek": "όνομα, όνομα εργαζομένου",
    "Russian": "имя, имя сотрудника",
    "Ukrainian": "ім'я",
    "Bulgarian": "име",
    "Arabic": "الاسم, اسم",
    "Hebrew": "שם, השם",
    "Persian": "نام",
    "Japanese": "名前",
    "Chinese": "名字, 名称",
    "Korean": "이름",
    "Vietnamese": "tên",
    "Indonesian": "nama",
    "Thai": "ชื่อ",
}
_DESCRIPTION = {
    "English": "description, about, bio, short description, user description",
    "French": "description, descriptif",
    "German": "Beschreibung, Bezeichnung",
    "Spanish": "descripción",
    "Italian": "descrizione",
    "Portuguese": "descrição",
    "Catalan": "descripció",
    "Dutch": "omschrijving, beschrijving",
    "Danish": "beskrivelse",
    "Norwegian": "beskrivelse, beskriving",
    "Swedish": "beskrivning",
    "Finnish": "kuvaus, selite",
    "Icelandic": "lýsing",
    "Estonian": "kirjeldus",
    "Latvian": "apraksts",
    "Lithuanian": "aprašymas",
    "Polish": "opis",
    "Czech": "popis",
    "Slovak": "popis",
    "Slovenian": "opis",
    "Croatian and Serbian": "opis, опис",
    "Hungarian": "leírás, ismertetés",
    "Romanian": "descriere, descrierea",
    "Turkish": "açıklama, tanım, açıklamalar",
    "Greek": "περιγραφή",
    "Russian": "описание",
    "Ukrainian": "опис",
    "Bulgarian": "описание",
    "Arabic": "الوصف, وصف",
    "Hebrew": "תיאור",
    "Persian": "توضیحات, شرح",
    "Japanese": "説明, 概要",
    "Chinese": "描述, 说明, 說明, 简介, 簡介",
    "Korean": "설명",
    "Vietnamese": "mô tả",
    "Indonesian": "deskripsi, keterangan",
    "Thai": "คำอธิบาย, รายละเอียด",
}
_JOB = {
    "English": "job title, title, position, role, roles, job, job role, occupation, function, designation, "
    "profession, job position, employee title, business title, job description, position title, job function, "
    "user role",
    "French": "fonction, poste, intitulé du poste, titre, métier, rôle, profession, emploi, poste occupé, "
    "intitulé de poste, qualité, titre du poste",
    "German": "Position, Funktion, Stelle, Rolle, Beruf, Berufsbezeichnung, Stellenbezeichnung, Tätigkeit, "
    "Taetigkeit, Titel, Jobtitel, Dienststellung, Funktionsbezeichnung",
    "Spanish": "puesto, cargo, función, rol, profesión, puesto de trabajo, título, ocupación",
    "Italian": "ruolo, mansione, posizione, qualifica, funzione, professione, titolo, incarico",
    "Portuguese": "cargo, função, profissão, ocupação, posição, título",
    "Catalan": "càrrec, lloc de treball, funció",
    "Dutch": "functie, rol, positie, beroep, functietitel, titel, functieomschrijving",
    "Danish": "stilling, rolle, titel, stillingsbetegnelse, funktion",
    "Norwegian": "stilling, rolle, tittel, stillingstittel, yrke",
    "Swedish": "befattning, roll, titel, tjänst, yrke, yrkestitel, funktion",
    "Finnish": "tehtävä, tehtävänimike, rooli, ammatti, titteli, nimike, asema, ammattinimike, toimenkuva",
    "Icelandic": "starfsheiti, staða, hlutverk, starf, titill",
    "Estonian": "ametikoht, amet, roll, ametinimetus",
    "Latvian": "amats, loma",
    "Lithuanian": "pareigos, pareigybė, vaidmuo",
    "Polish": "stanowisko, funkcja, rola, zawód, tytuł, stanowisko pracy",
    "Czech": "pozice, funkce, role, pracovní pozice, povolání, titul, pracovní zařazení",
    "Slovak": "pozícia, funkcia, rola, pracovná pozícia, povolanie, pracovné zaradenie",
    "Slovenian": "položaj, vloga, delovno mesto, funkcija, naziv",
    "Croatian and Serbian": "radno mjesto, pozicija, uloga, funkcija, radno mesto, zvanje, titula, радно место, "
    "позиција, улога, функција",
    "Hungarian": "beosztás, munkakör, pozíció, szerep, szerepkör, funkció, titulus, foglalkozás, tisztség, "
    "munkakör megnevezése, feladatkör",
    "Romanian": "funcție, funcția, post, poziție, rol, titlu, ocupație, poziția",
    "Turkish": "unvan, görev, görevi, pozisyon, rol, meslek, unvanı, pozisyonu, görev tanımı",
    "Greek": "θέση, ρόλος, τίτλος, ειδικότητα, θέση εργασίας, επάγγελμα, ιδιότητα",
    "Russian": "должность, роль, позиция, функция, профессия, название должности",
    "Ukrainian": "посада, роль, позиція, функція, професія",
    "Bulgarian": "длъжност, роля, позиция, функция, професия",
    "Arabic": "المسمى الوظيفي, الوظيفة, المنصب, الدور, المهنة, الصفة, وظيفة",
    "Hebrew": "תפקיד, משרה, תואר, מקצוע",
    "Persian": "سمت, شغل, عنوان شغلی",
    "Japanese": "役職, 職位, 肩書き, 役割, 職種, 肩書, 担当",
    "Chinese": "职位, 职务, 岗位, 角色, 頭銜, 職稱, 職位, 職務, 职称, 崗位, 职业, 身份",
    "Korean": "직책, 직위, 직급, 역할, 직무, 직함",
    "Vietnamese": "chức vụ, vị trí, vai trò, chức danh, công việc, nghề nghiệp",
    "Indonesian": "jabatan, peran, posisi, pekerjaan",
    "Thai": "ตำแหน่ง, บทบาท, ตำแหน่งงาน",
}
_NOTE = {
    "English": "note, notes, comment, comments, remark, remarks, info, information, additional information, memo, "
    "additional info, further information, annotation",
    "French": "note, notes, commentaire, commentaires, remarque, remarques, observations, observation, informations",
    "German": "Bemerkung, Bemerkungen, Notiz, Notizen, Kommentar, Anmerkung, Anmerkungen, Hinweis, Info, Zusatz, "
    "Kommentare, Hinweise",
    "Spanish": "nota, notas, comentario, comentarios, observaciones, observación, información",
    "Italian": "nota, note, commento, commenti, osservazioni, annotazioni, informazioni",
    "Portuguese": "nota, notas, comentário, comentários, observações, observação, obs, informações",
    "Catalan": "observacions, comentaris",
    "Dutch": "opmerking, opmerkingen, notitie, notities, toelichting, bijzonderheden",
    "Danish": "bemærkning, bemærkninger, kommentar, noter, kommentarer, notat",
    "Norwegian": "merknad, kommentar, merknader, notat, notater, kommentarer, anmerkning",
    "Swedish": "anmärkning, kommentar, anteckning, anteckningar, notering, övrigt, kommentarer, noteringar",
    "Finnish": "huomautus, kommentti, muistiinpanot, lisätiedot, huomautukset, huom, kommentit, lisätieto",
    "Icelandic": "athugasemd, athugasemdir",
    "Estonian": "märkus, märkused, kommentaar",
    "Latvian": "piezīme, piezīmes",
    "Lithuanian": "pastaba, pastabos",
    "Polish": "uwagi, notatka, komentarz, notatki, informacje, komentarze, dodatkowe informacje, adnotacje",
    "Czech": "poznámka, poznámky, komentář",
    "Slovak": "poznámka, poznámky, komentár",
    "Slovenian": "opomba, opombe, komentar",
    "Croatian and Serbian": "napomena, napomene, bilješka, komentar, beleška, primjedba, напомена, коментар",
    "Hungarian": "megjegyzés, megjegyzések, jegyzet, komment, egyéb, információ, hozzászólás, egyéb megjegyzés",
    "Romanian": "notă, note, comentariu, observații, comentarii, mențiuni, informații",
    "Turkish": "not, notlar, yorum, yorumlar, bilgi, ek bilgi",
    "Greek": "σημείωση, σημειώσεις, σχόλιο, σχόλια, παρατηρήσεις",
    "Russian": "примечание, примечания, комментарий, заметки, заметка, дополнительно",
    "Ukrainian": "примітка, примітки, коментар, нотатки, коментарі, додатково",
    "Bulgarian": "бележка, бележки, коментар, забележка, забележки, коментари",
    "Arabic": "ملاحظات, ملاحظة, تعليق, تعليقات, الملاحظات",
    "Hebrew": "הערה, הערות",
    "Persian": "یادداشت, ملاحظات",
    "Japanese": "備考, メモ, コメント, 注記, 備考欄",
    "Chinese": "备注, 注释, 評論, 備註, 评论, 備注, 附註, 附注",
    "Korean": "비고, 메모, 참고, 코멘트",
    "Vietnamese": "ghi chú, chú thích, nhận xét",
    "Indonesian": "catatan, komentar",
    "Thai": "หมายเหตุ",
}
_DEPARTMENT = {
    "English": "department, dept, team, division, unit, business unit, group, org unit, section, organizational unit, "
    "department name",
    "French": "service, département, équipe, direction, unité",
    "German": "Abteilung, Team, Bereich, Fachbereich, Organisationseinheit, Gruppe, Referat",
    "Spanish": "departamento, área, equipo, sección, grupo",
    "Italian": "reparto, dipartimento, ufficio, divisione, gruppo, settore",
    "Portuguese": "departamento, setor, área, equipe, equipa, secção, grupo",
    "Dutch": "afdeling, team, groep, dienst",
    "Danish": "afdeling, team, hold, gruppe",
    "Norwegian": "avdeling, team, seksjon, gruppe",
    "Swedish": "avdelning, enhet, team, grupp",
    "Finnish": "osasto, yksikkö, tiimi, ryhmä",
    "Icelandic": "deild, svið, teymi",
    "Estonian": "osakond, üksus",
    "Latvian": "nodaļa, departaments",
    "Lithuanian": "skyrius, padalinys",
    "Polish": "dział, departament, zespół, jednostka, komórka organizacyjna, grupa",
    "Czech": "oddělení, útvar, tým, středisko",
    "Slovak": "oddelenie, útvar, tím, stredisko",
    "Slovenian": "oddelek, enota",
    "Croatian and Serbian": "odjel, odsjek, tim, odeljenje, sektor, одељење, сектор",
    "Hungarian": "osztály, részleg, szervezeti egység, csoport, terület, csapat, igazgatóság",
    "Romanian": "departament, compartiment, secție, echipă, departamentul",
    "Turkish": "departman, bölüm, birim, ekip, departmanı, bölümü, birimi, takım",
    "Greek": "τμήμα, ομάδα",
    "Russian": "отдел, подразделение, департамент, команда, группа, служба",
    "Ukrainian": "відділ, підрозділ, департамент, команда, група",
    "Bulgarian": "отдел, звено, дирекция, екип",
    "Arabic": "القسم, الإدارة, قسم, الفريق",
    "Hebrew": "מחלקה, צוות, אגף",
    "Persian": "بخش, واحد",
    "Japanese": "部署, 部門, 所属, 課, チーム, 部署名",
    "Chinese": "部门, 部門, 科室, 团队, 组, 團隊, 單位, 单位, 所属部门",
    "Korean": "부서, 소속, 팀, 부서명",
    "Vietnamese": "phòng ban, bộ phận, phòng, đơn vị",
    "Indonesian": "departemen, divisi, bagian",
    "Thai": "แผนก, ฝ่าย",
}
WORK_EMAIL_RANK, EMAIL_RANK, PRIVATE_EMAIL_RANK, ACCOUNT_RANK = range(4)
# The key of each table and its rank: of two columns with the same key, the lower one is meant.
TABLES: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("email", WORK_EMAIL_RANK, _WORK_EMAIL), ("email", EMAIL_RANK, _EMAIL),
    ("email", PRIVATE_EMAIL_RANK, _PRIVATE_EMAIL), ("email", ACCOUNT_RANK, _ACCOUNT),
    ("first_name", 0, _FIRST_NAME), ("first_name", 1, _OTHER_FIRST_NAME),
    ("last_name", 0, _LAST_NAME), ("last_name", 1, _OTHER_LAST_NAME),
    (FULL_NAME, 0, _FULL_NAME), (NAME, 0, _NAME),
    ("description", 0, _DESCRIPTION), ("description", 1, _JOB), ("description", 2, _NOTE),
    ("description", 3, _DEPARTMENT),
)  # fmt: skip

# Columns that would be taken for one of ours because a word of their name is passed over.
NOT_OURS = "first contact, last contact, date of first contact, date of last contact"
# Words that say whose column it is, and whether it is needed. A name means the same without them.
PASSED_OVER = (
    "user users employee employees student students member members staff person persons participant participants "
    "attendee customer worker contact invitee primary main your the of s legal official current required optional "
    "mandatory obligatory please enter value what is emp sis profile "
    "mitarbeiter mitarbeiters des der die benutzer teilnehmer person pflichtfeld erforderlich "
    "obligatoire facultatif facultative requis optionnel collaborateur salarié employé du de la le l votre agent élève "
    "obligatorio opcional empleado trabajador del el alumno estudiante dipendente del facoltativo obbligatorio "
    "obrigatório funcionário aluno do da medewerker verplicht optioneel "
    "dolgozó munkatárs munkavállaló kötelező felhasználó pracownika pracownik wymagane zaměstnance povinné "
    "сотрудника работника працівника обязательно "
    "personel του της υπαλλήλου εργαζομένου עובד העובד الموظف på anställd"
)
# Words between a first and a last name in the name of a column.
CONJUNCTIONS = "and und et y e i a og och ja en és es și si ve ja in un ir et y και и та і й ו و と 和 및 và dan u"

# An email address with one of these words is the one to invite, and with one of the others it is not.
WORK = (
    "work business company corporate office professional organization organisation institutional job "
    "pro professionnel professionnelle travail dienstlich dienstliche dienstl geschäftlich geschäftliche geschäftl "
    "firmen beruflich berufliche corporativo laboral profesional trabajo empresa institucional institucionales "
    "aziendale lavoro profissional comercial trabalho zakelijk zakelijke werk arbejde arbeid jobb arbete työ "
    "służbowy służbowa firmowy firmowa pracovní firemní služební pracovný firemný službeni službena poslovni poslovna "
    "службени службена céges munkahelyi vállalati serviciu firmă instituțional iş kurumsal şirket "
    "εταιρικό εργασίας υπηρεσιακό рабочий рабочая корпоративный корпоративная служебный служебная робоча робочий "
    "корпоративна службова служебен للعمل العمل الرسمي עבודה 회사 업무용 업무 công ty việc kantor"
)
PRIVATE = (
    "private personal home secondary second other alternate alternative recovery backup "
    "personnel personnelle privé privée privat privater secundario alternativo personale privata pessoal particular "
    "persoonlijk yksityinen henkilökohtainen prywatny prywatna soukromý osobní súkromný osobný privatni osobni "
    "privát magán személyes kişisel özel şahsi προσωπικό личный личная особиста особистий личен الشخصي شخصي פרטי 개인 "
    "cá nhân pribadi"
)
# In Japan, a second column often has a name as it is pronounced.
PRONOUNCED = ("カナ", "かな", "ふりがな", "フリガナ", "ローマ字")

# In these languages, a column "name" has the last name first.
LAST_NAME_FIRST = frozenset({"Hungarian", "Japanese", "Chinese", "Korean", "Vietnamese"})
# Names of columns that have the last name first in other languages.
LAST_NAME_FIRST_NAMES = (
    "Nach- und Vorname, achter- en voornaam, suku- ja etunimi, perekonna- ja eesnimi, фио, ф.и.о., фамилия имя "
    "отчество, фамилия имя отчество сотрудника, фио сотрудника, ф.и.о. сотрудника, фио полностью, фамилия и. о., піб, "
    "п.і.б., прізвище ім'я по батькові, піб працівника, піб співробітника, прізвище та ім'я, пібп, nominativo, "
    "nominativi, file as"
)
