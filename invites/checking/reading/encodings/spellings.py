"""The accented letters of each language, with common names and words that have them, and the other scripts.

`letters` counts which letters follow each other in them. To teach the check a spelling, add a name to its language.
"""

import re

# The letters beyond a to z, and common names and words in which they occur.
LATIN: dict[str, tuple[str, str]] = {
    "French": (
        "àâæçéèêëîïôœùûüÿ",
        "Eugène Eugénie Giguère Adélaïde Michèle André René Renée Zoé José Josée Désirée Amélie Aurélie Cécile Céline "
        "Clémence Cédric Rémi Jérôme Gérard Frédéric Stéphane Sébastien Valérie Mickaël Gaëtan Joël Emmanuël Loïc "
        "Loïs Anaïs Aïcha Héloïse Éloïse Inès Hélène Geneviève Irène Adèle Gisèle Danièle Joèle Noémie Léa Léo Théo "
        "Éric Édouard Émile Étienne Éva Béatrice Bénédicte Bérénice Thérèse Thérésa Hervé Barnabé Aimé Aimée François "
        "Françis Gonçalves Benoît Maîtrejean Côme Côté Rhône Pâquerette Château Lefèvre Lefèbvre Lefebvrè Mercière "
        "Carrère Bruyère Chèvre Poirèl Prévost Prévôt Hébert Bédard Guérin Lévesque Lévêque Lépine Légaré Ménard "
        "Pépin Périer Régnier Sénéchal Thévenet Vézina Allègre Bègue Bèze Nègre Mège Liège Leclère Sèvres Bélanger "
        "Crêpe Prêtre Lamête Chêne Hêtre Tête Fête Fenêtre Baptême Îles Delîle Brûlé Août Dufaût Sûreté Où Œuvre Sœur "
        "Cœur Lebœuf Mœurs Nœud Façade Leçon Garçon Maçon Niçoise Ançel Ça Reçu Là Déjà À Équipe Société Sécurité "
        "Numéro Téléphone Accès Élève Système Problème Deuxième Hôtel Hôpital Contrôle Bientôt Dépôt Pôle Âge Tâche "
        "Bâtiment Câble Naïve Haïti Zaïre Caïn Faïza Laïla Naïm Loïk Saül Haÿ",
    ),
    "German": (
        "äöüß",
        "Jürgen Jörg Günter Lüder Rüdiger Bärbel Käthe Sören Müller Möller Schröder Schäfer Jäger Kräger Krämer "
        "Köhler Kühler Kröger Krüger Böhm Bäcker Bäumer Löffler Löwe Höfer Höhn Hübner Hüttner Häuser Hänsel Härtel "
        "Körner König Köster Küster Küpper Kürten Lübke Lütke Lück Brückner Bröcker Bürger Büttner Bühler Büchner "
        "Fürst Fröhlich Färber Förster Föhn Göbel Göpfert Göring Götz Größ Größe Grün Gräf Gräser Gärtner Mühle Münch "
        "Mäder März Nürnberg Nörenberg Nägele Öztürk Österreich Oßwald Preuß Pröll Pfälzer Rößler Rößner Rösch Rühl "
        "Rüegg Räder Sänger Schön Schüler Schüßler Spät Stähle Stöber Stöhr Störmer Ströbel Süß Süßmann Süd Säger "
        "Überall Vögel Völker Voß Voßkamp Wäschle Weiß Weißer Weißmann Wölfel Wöhrle Wörner Würz Wüst Zöller Zürn "
        "Straße Große Großmann Fußball Heß Hößl Meßner Keßler Gaßner Gaßmann Beißner Maß Äußere Ämter Ärzte Öffner "
        "Ältere Länge Schlösser Geschäftsführung Prüfung Küche Tätigkeit Nächte Tägliche Kälte Wärme Bäder Städte "
        "Fähre Möbel Hölzer Töchter",
    ),
    "Spanish": (
        "áéíñóúü",
        "Cañete Montaña Andrés Ángel Álvaro África Adrián Agustín Alén Amalía Anaí Asunción Bárbara Beltrán Benítez "
        "Begoña Bermúdez Cáceres Calderón César Cándido Cárdenas Chacón Córdoba Cortés Dávila Darío Díaz Díez "
        "Domínguez Élida Estévez Estefanía Fátima Félix Fernán Galán García Garzón Gaitán Germán Giménez Gómez "
        "González Gutiérrez Héctor Ibáñez Íñigo Iñaki Iñigo Iván Inés Isaías Jesús Joaquín José Josué Juárez Lázaro "
        "León Lidón Llorén López Luján Marín María Martí Márquez Matías Mónica Míguez Mejía Muñiz Muñoz Montalbán "
        "Nicolás Noé Noemí Núñez Ñuñez Óscar Ordóñez Ortúñez Patiño Peláez Peña Pérez Piñeiro Ramírez Raúl Ríus "
        "Rodríguez Rocío Rubén Rúa Ruíz Sáez Sánchez Sofía Solís Téllez Tomás Toñi Vázquez Víctor Vélez Yáñez Zúñiga "
        "Zárate Ávila Águeda Úrsula Íker Ítalo Ébano Bolaños Cañizares Acuña Carreño Londoño Marañón Guadalupí Güell "
        "Miguélez Teléfono Número Código País Compañía Público Técnico Médico Rápido Básico Clínica Lógica Música "
        "Práctica Inglés Así También Aquí Allí Está Será Café Té Sólo",
    ),
    "Portuguese": (
        "áâãàçéêíóôõú",
        "João Simão Sebastião Adão Abrão Estêvão Cristóvão Falcão Leitão Bulhão Aragão Assunção Conceição Ascensão "
        "Encarnação Leão Paixão Santarém Magalhães Guimarães Simões Fernão Lições Leões Bulhões Barcelões Mourões "
        "Mães Pães Irmã Maçã Gonçalo Graça Lourenço Açores Feitiço Moço Direção Recepção Avó Avô Antônio António "
        "Apolônio Ângela Êxito Esmê Cândida Câmara Flâmia Vânia Tânia Rômulo Rosângela Jerônimo Jerónimo Mônica "
        "Mónica Sônia Sónia Lúcia Júlia Flávia Otávio Fábio Cláudia Márcia Patrícia Letícia Vinícius Félix César "
        "Sérgio Débora Inês Mercês Cortês Português Gêmeos Zezé André Andréa Tomé José Josué Taís Luís Heloísa Elísio "
        "Isaías Araújo Saúl Zaíra Sá Sáz Aurélio Amélia Célia Cecília Emília Natália Amália Rosália Peçanha Lucrécia "
        "Sequeirá Nóbrega Nóvoa Mó Pólvora Nazário Clemência Hortência Glória Vitória Grácia Grazielê Mendês Você "
        "Três Mês Ônibus Nômade Pôr Comitê Endereço Número Usuário Código Área À Às Já Lá Até Também Sábado Amanhã",
    ),
    "Italian": (
        "àèéìíîòóùú",
        "Nicolò Nicolà Mosè Noè Giosuè Salomè Andrè Ariè Cicciù Corrù Gesù Esaù Bonafè Cefalù Cantù Forlì Fermì "
        "Sanità Già Però Perché Così Può Sarà È Martedì Tè Foà Scanò Ricciò Patanè Minà Morabitò Nanì Cannavò Rodà "
        "Macrì",
    ),
    "Catalan": (
        "àçèéíïòóúü",
        "Núria Lluís Àngel Àlex Àfrica Andreú Adrià Joaquím Mònica Verònica Òscar Ònia Èric Èlia Hèctor Jèssica Mercè "
        "Martí Sadurní Fermí Crispí Maçana Gràcia Remígia Lídia Sílvia Cèlia Roderíc Jordà Solà Casà Borràs Nicolàs "
        "Tomàs Garcés Colomè Farré Carné Serrà Llàcer Vallès Cortès Pagès Francès Marquès Agnès Solé Roselló Sabadé "
        "Monlleó Gassó Ricó Miró Dalmaú Gómez Raïmon Lluïsa Llüís Països Agraïda Veïna Força Llorenç Qüestió Raül "
        "Adreça",
    ),
    "Scandinavian": (
        "åäöæøéü",
        "Ståhl Ståle Åsa Åke Ågren Åberg Åström Ångström Århus Ålund Åhman Åhlén Måns Mårten Håkan Håvard Hårek "
        "Hålogaland Pål Påhlman Pär Järvinen Märta Jönsson Jönköping Göran Göte Gösta Björn Öberg Öhman Örjan Östberg "
        "Sjöberg Sjögren Sjöström Sjölund Sjödin Söderberg Sörensen Högberg Hörnfeldt Löfgren Lövgren Mörk Möller "
        "Törnqvist Grönlund Källström Hägg Hällström Fält Säfström Särnström Norrgård Skårset Bråten Hågensen Ødegård "
        "Lågård Gråberg Grån Østgård Kjærgård Søren Søndergaard Sølvi Jørgen Øystein Øivind Ørsted Øverby Røed Rød "
        "Røren Rønning Røsland Røise Høyer Høj Høie Høgh Høeg Hørby Nørgaard Nøkleby Møller Mørk Møen Kjøs Kjølstad "
        "Køhler Løken Løvaas Tømmerås Tønnesen Tørnby Tøfte Strøm Brøgger Bøe Bø Bøhn Bøgh Børge Frøya Frøland Gjøvik "
        "Sjø Sjøberg Skjønberg Skøien Fløgstad Fløtten Klø Bjerkø Hitrø Jonasø Søby Sæther Sæbø Skjærvø Bæk Mælum "
        "Mæhle Næss Nærland Ærlig Kræmmer Kræn Krægh Lærke Læssøe Ægir Æsøy Væring Hæstad Hægeland Kvæven Træen Præst "
        "Hjælm Lindé Norén Nordén Linné Hjälm Tillgång Någon Lördag Söndag På Två Här Där Är Förnamn Anställd Även "
        "Också Både Språk Når Fødsel Køkken Gå Bestå Mødre Ældre Afløser Lørdag Sköld Grå",
    ),
    "Finnish": (
        "åäöšž",
        "Hämäläinen Mäkelä Jääskeläinen Väisänen Väinö Päivi Kärkkäinen Pääkkönen Rämö Räsänen Kähkönen Hyvönen "
        "Möttönen Pöyhönen Töyrylä Köykkä Hölttä Hänninen Jäntti Jäppinen Leppänen Leppälä Seppä Närhi Tähtinen "
        "Törmänen Ylönen Äijälä Sääksi Käyttäjä Sähköposti Nimeä Hätönen Pylkkänen Määttä Kristiä Niinistö "
        "Ahtisaarö Nieminä Alkiö Pöllänen",
    ),
    "Dutch": (
        "áäçèéêëïíóöü",
        "Daniël Michaël Joël Samuël Zoë Danaë Mariëtte Adriënne Lucïen Vivïenne Aurëlia Loës Noëmi Andreä Anaïs Loïs "
        "Elïse Moïra Naïma Saïda Saïra Renée René André Desirée Aimée Hélène Mirèse Irène Thérèse Geneviève Genève "
        "Belgïe België Oekraïne Coördinator Coöperatie Ruïne Reünie Geïnteresseerd Geüpload Beëindigd Ideeën Één "
        "Crème Scène Enquête",
    ),
    "Icelandic": (
        "áéíóúýðþæö",
        "Sigurður Sigríður Guðrún Guðmundur Guðni Guðjón Guðný Guðbjörg Guðlaug Þórður Þórdís Þorsteinn Þorlákur "
        "Þráinn Þröstur Þuríður Jónína Jóhann Ólafur Ólöf Ólína Óskar Óðinn Ásgeir Árni Ágúst Álfheiður Börkur Eðvarð "
        "Davíð Garðar Gísli Gróa Gyða Hörður Hólmfríður Hrönn Hreiðar Höskuldur Ísleifur Íris Katrín Kristín Kristján "
        "Lára Magnús Már Margrét María Njáll Páll Pétur Rósa Sæmundur Sæunn Sólveig Snæbjörn Steinþór Friðrik Friðjón "
        "Friðbjörg Bergþór Hafþór Heiðdís Víðir Ævar Ægir Æsa Ýr Ýmir Örn Össur Jónsdóttir Sigurðsson Fornöfn "
        "Tölvupóstur",
    ),
    "Irish": (
        "áéíóú",
        "Seán Séan Siobhán Sinéad Síle Róisín Ríona Pádraig Máire Máirín Mícheál Órla Óisin Éamon Éilís Áine Aoibhín "
        "Ciarán Cáit Colmán Cormác Diarmuíd Dónal Eibhlín Gráinne Íde Lorcán Máiréad Niámh Nóra Proinsías Rónán "
        "Ruairí Tadhgán Tomás Úna Ó Ní Nóirín Sorchá Cillían Bríd Brídín Bébhinn Cathál Dáithí",
    ),
    "Polish": (
        "ąćęłńóśźż",
        "Łukasz Michał Paweł Władysław Wacław Małgorzata Elżbieta Bożena Grażyna Jędrzej Błażej Żaneta Józef "
        "Andżelika Święta Kamiński Szymański Dąbrowski Kozłowski Jabłoński Wiśniewski Wójcik Woźniak Jóźwiak "
        "Kaźmierczak Zięba Stępień Gołębiowski Wróbel Górski Krół Król Piątek Pająk Sokół Sokołowski Michałowski "
        "Pawłowski Głowacki Główka Kłos Mikołajczyk Wawrzyńczyk Adamczyński Szczęsny Czyż Czyżewski Cieśla Leśniak "
        "Śliwa Śmigielski Ślązak Żuk Żółty Żmuda Ćwik Źródło Ździebło Gąska Sienkiewiczów Łapiński Łopata Łoś Łęcki "
        "Łyżwa Kędzierski Kępa Klęska Węgrzyn Wędrychowski Mędrek Kęska Pęk Rębacz Bąk Bączyk Kąkol Mączka Mądry "
        "Wąsik Zając Miś Maćkowiak Kość Kościelny Grześkowiak Jaś Koń Kowalczyń Sękowski Nędza Żołądź Bełza Bałut "
        "Gałka Małek Mały Wałęsa Chełmiński Kubałski Imię Żądło Księgowość Urząd Łódź Poznań Kraków Ciągły Sprzedaż "
        "Pięć Ręka Wiśnią Będzie Więcej Tłumaczeń Był Pracę Paździor Róża Różycki Brzęk Knuć Miłosz Zbój Mróz Kuś "
        "Bryś",
    ),
    "Czech": (
        "áčďéěíňóřšťúůýž",
        "Jiří Jiřina Tomáš Lukáš Matěj Ondřej Jáchym Kryštof Vojtěch Zdeněk Zdeňka Řehoř Řezníček Řezáč Říha Růžena "
        "Růžička Růžičková Božena Bořivoj Bořek František Františka Miloš Aleš Tadeáš Barnabáš Kateřina Markéta "
        "Štěpán Šimon Šárka Žaneta Žofie Václav Vítek Vítězslav Přemysl Přibyl Příhoda Dvořák Kučera Novák Novotný "
        "Novotná Černý Čermák Čapek Čížek Procházka Veselý Veselá Horák Mareček Marečková Němec Pospíšil Hájek "
        "Jelínek Král Benešová Sedláček Sedláčková Doležal Kolář Kolářová Navrátil Vaňková Urbánek Blažek Blažková "
        "Kříž Křížová Kratochvíl Bartošová Vlček Vlčková Polák Konečný Čihák Štěrba Hruška Šťastný Mašek Mašková "
        "Sýkora Vávra Matoušek Pavlíček Říčka Ševčík Tůma Zách Hříbek Kovář Kadeřábek Chládek Plíšek Míša Oldřich "
        "Dobroměl Květa Běla Alžběta Ludmíla Anežka Příjmení Jméno Oddělení Účet Údržba Poštovní Vedoucí Směna Noční "
        "Ďuriš Ťapák Ňuňák Hošť Chuť Koť Loď Kůň Dušan Vondráček Hrubý Krátký Tichý Bílý Hnědý Jirásek Sáva Hřebíček "
        "Žižka Žák Ježek Mrázek Kočí Zvěřina",
    ),
    "Slovak": (
        "áäčďéíĺľňóôŕšťúýž",
        "Ľubomír Ľuboš Ľudovít Michaľ Jozefína Jána Katarína Matúš Šimon Ondrejičková Peťko Peťa Maťo Maťko Maťa Ďuro "
        "Ďurčo Ďurkovič Ďuriš Kováč Kováčová Horváth Tóth Balážová Baláž Molnár Lukáč Hudák Gajdošová Hruška Kráľ "
        "Kráľová Mikuláš Štefan Štefánia Kollár Gašparovič Čaputová Kiňo Mäsiar Väzenský Päťko Stôl Kôň Kôrňanová "
        "Vôňa Chĺpek Stĺp Vŕba Hŕška Mŕtvy Kŕč Čerňák Vaňo Boďa Baďura Šťavina Blaško Oľga Oľša Zoľo Jaroľ Moľa",
    ),
    "Slovene and Croatian": (
        "čćđšž",
        "Marković Kovač Kovačić Kovačević Knežević Božić Blažević Šarić Šimić Lončar Ivančić Ćosić Ćurić Ćiro Ćelić "
        "Čačić Čolić Đuro Đurđica Đurđa Đorđe Anđela Anđa Rođak Mlađan Vlađo Mlađenović Željko Živko Žarko Žižek "
        "Snežana Božo Dušan Duška Miloš Mišo Siniša Saša Tomaž Aleš Urška Špela Anže Primož Jernejčič Boštjan Hočevar "
        "Čeh Češnovar Črne Črnčec Krč Brčko Koščak Potočnik Vučić Vučko Bučar Bošnjak Čuk Škof Štrukelj Krešimir "
        "Krešo Grubišić Mršić Đapić Hadžić Bašić Preživjeti Ključ Voće Kuća Noć Peć Zečević Gluščević Bećir Trećak "
        "Marčić",
    ),
    "Hungarian": (
        "áéíóöőúüű",
        "Ágnes Ákos Álmos Ádám Árpád András Andrásné Attiláné Balázs Bálint Béla Csák Dániel Dávid Dénes Dezső "
        "Dezsőné Edő Ernő Győző Győr Gergő Gergőné Zsó Szőke Szőcs Szűcs Szűts Szűr Sűdi Szücs Gyűrű Gyűrűs Fűzi "
        "Fűrész Hűvös Tűzkő Tűri Kőműves Kőszegi Kőrösi Kőhalmi Kővári Kövér Körösi Hegedűs Hegedüs Erdős Erdődi "
        "Mezőfi Szőllősi Szellő Csőke Dudás Bőhm Bőr Bősze Bődi Bőke Fényő Füredi Főző Fő Főnök Előd Vezetéknév "
        "Utónév Ügyvezető Ügyvezetők Ülés Ügyfél Őri Őze Őszi Űr Űző Ürge Ürményi Tőkés Tőzsér Vörös Vőfély Törő "
        "Török Tötő Lőrincz Lőw Lővei Rőth Rőmer Rősler Nőri Nővér Nők Pőcze Pőr Gőz Gőbölyös Gőgös Hőgyes Hős Jő "
        "Jövő Üzemeltető Műszak Műhely Nagymű Fű Fűtő Gyönyörű Szabó Kovács Tóth Horváth Németh Molnár Juhász "
        "Mészáros Rácz Fehér Takács Szilágyi Bíró Kántor Oláh Sándor Pintér Pásztor László Lászlóné István János "
        "József Zoltán Márton Máté Mátyás Miklós Gábor Péter Pál Károly Ödön Örs Özséb Tünde Tímea Vivién Éva Zsófia "
        "Zsóka Réka Nóra",
    ),
    "Romanian": (
        "ăâîşţ",
        "Ştefan Ştefănescu Şerban Şerbănescu Şandru Ţăranu Ţurcanu Ţiriac Ţepeş Ioniţă Ionuţ Ionaşcu Stănescu Stancă "
        "Dănuţ Dănilă Răzvan Rădulescu Cătălin Mădălina Mihăiţă Crăciun Brăila Bălan Bălănescu Băsescu Călin Căpriţă "
        "Lăcătuş Lăzărescu Pătraşcu Păun Năstase Năstăsescu Năstasă Văcaru Văcărescu Tăriceanu Găină Găvan Gădea "
        "Sârbu Sîrbu Mânzatu Mîndru Mândruţă Pârvu Pîrvu Bârsan Bîrsan Câmpeanu Cîmpeanu Râşnov Vâlcan Vîlcu Hîncu "
        "Gâlcă Gîrbea Înaltă Întâi Moşneag Moşoiu Boşca Coşbuc Costaş Mureşan Niţu Neacşu Ruşu Raţiu Puşcaş Haţeganu "
        "Iaşi Funcţie Echipă Mioară Anişoara Vlăduţ Petruţa Răuţă Floreă",
    ),
    "Turkish": (
        "çğıöşüâîû",
        "Şule Şükrü Şahin Şeyma Şirin Şimşek Şentürk Ayşe Ayşegül Aşkın Işık Işıl Ilıcak Yılmaz Yıldız Yıldırım Kılıç "
        "Kırmızı Kıvanç Aydın Altın Altıntaş Arı Arıkan Alkış Akıncı Taşçı Yaşar Barış Çağlar Çağrı Çelik Çiçek Çınar "
        "Çiğdem Çoban Çiftçi Özçelik Doğan Doğru Doğu Gündoğdu Turğut Uğur Tuğba Tuğçe Buğra Yiğit Ağaoğlu Ağca Dağ "
        "Dağdelen Dağlı Hacıoğlu Müftüoğlu Kadıoğlu Yağmur Yağız Eğin Özgür Öner Ömer Öğüt Göksel Gökçe Gözde Gönül "
        "Gülşen Gülşah Gülçin Güneş Güngör Ümit Üstün Ülkü Ünal Hüseyin Hüsnü Süleyman Sümeyye Müge Mücahit Mustafâ "
        "Şahsûn Kâmil Kâzım Işın Sırrı Sıla Fırat Fıstık Adı Kullanıcı Satış Çalışan Müdür Bakım Hakkı Kızıl Saygılı "
        "Bıçakçı Ekşi Eşref Eşe Beşir Düşün Kuşçu Muş Kılınç Gürbüz Kaçar Seçkin Geçer Ceylân Günışığı Cıvık Vızıltı "
        "Zırh Rıza Rıdvan Pınar Tırpan Dıvrak Hıdır Çırak Bıyık Gıyas Şıvgın Jılba Lıman Nıyazi",
    ),
    "Lithuanian": (
        "ąčęėįšųūž",
        "Žydrūnas Žilvinas Žana Žemaitis Žukauskas Šarūnas Šimkus Čepas Čiurlionis Ąžuolas Ėglė Įsrutis Ūla Agnė "
        "Aistė Algė Giedrė Jūratė Kęstutis Lukošius Mindė Rūta Ūsas Vilmė Ąsa Stankevičius Stankevičiūtė Balčiūnas "
        "Lukoševičius Mažeika Mažvydas Gžegožas Ažubalis Kučinskas Brazauskė Pašto Adresė Darbuotojų Žmonių Šeimų "
        "Grįžo Lūšis Sūris Dūda Būga Gūža Kūnas Pūras Tūbelis Mūras Žąsis Rąstas Vąšas Kąstytis Lęšis Mėta Sėkla "
        "Vėjas Rėza Tėvas Dėdė Pėstis Kėdė Bėrys Nėris Lėja",
    ),
    "Latvian": (
        "āčēģīķļņšūž",
        "Jānis Jāņis Pēteris Ainārs Āris Ādams Ābols Āboliņš Anšlavs Bērziņš Bērziņa Krūmiņš Kārkliņš Kārlīne Mārtiņš "
        "Mārīte Guntārs Edgārs Ēriks Ēvalds Ģirts Ģertrūde Ģirģens Ilzīte Inūta Īrisa Īvāns Ķirsis Ķēniņš Ķepītis "
        "Ļevs Ļaudis Ļoviņa Ņikita Ņujorka Sanītā Sarmīte Līga Līva Vītols Zīle Cīrulis Šķēle Šnē Šmits Žanis Ūdris "
        "Ūsiņš Dārta Gāga Lācis Lāčplēsis Rūta Vārds Daļa Lietotājs Skolēns Kļaviņš Eglīte Balodīte Muižnieks Bušs "
        "Meža Rožkalns Dāvis Sprūdžs Krišjānis Pūce Tētis Zvirbulīs Vējš Šteins Šulcs Rēķis Roķis Pļaviņa Buļs Viļņi "
        "Viļums Aļona Oļegs Vaļeņins",
    ),
    "Estonian": (
        "äöõüšž",
        "Jõe Jõgi Jõks Jõulu Õun Õnne Õie Õhtu Mõisa Mõttus Põld Põder Põhi Kõiv Kõrv Kõlar Kõuts Lõhmus Lõoke Lõuna "
        "Rõõm Rõuk Rõivas Sõber Sõmer Sõrmus Tõnu Tõru Tõll Võsu Võrk Võhandu Hõbe Hõim Nõmme Nõlvak Nõges Mõõk Kõõra "
        "Tõkke Sõnajalg Ülle Mäe Mägi Mändla Mäll Rätsep Rähn Räim Käsper Kärner Käär Kööts Köster Pärn Pääsuke Väli "
        "Västrik Jänes Järv Tänav Tönis Härma Häidma Lään Länik Säde Särg Südamlik Sünd Külm Küüts Künnap Süld Müür "
        "Nüüd Nüganen Rüütel Rüga Tüür Türi Üksik Töö Tööle Ööbik Öövel Öpik Õpik Šoti Žanna",
    ),
    "Albanian": (
        "çë",
        "Çelë Agnesë Arbër Gëzim Bardhë Vjollcë Dritë Hënë Zëri Dëshira Përparim Krenarë Kujtimë Mirëlinda Ndriçim "
        "Flakëza Çerçiz Prenëda Jetëmir Fisnikë Mënyra Nënë Këlliçi Emër Kërçova",
    ),
    "Vietnamese": (
        "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        "Nguyễn Trần Lê Phạm Hoàng Huỳnh Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Thị Văn Hữu Đức Thành Hùng Dũng Hạnh Hương "
        "Ngọc Phượng Quốc Sơn Thảo Thúy Tuấn Việt Hải Hà Hằng Hiền Hòa Huệ Khánh Mỹ Tâm Thắng Tú Uyên Vân Xuân Yến "
        "Đào Mạnh Cường Bình Chính Công Đình Họ Tên",
    ),
}  # fmt: skip

OTHER_SCRIPTS: dict[str, re.Pattern[str]] = {
    "Cyrillic": re.compile("[\u0400-\u045f\u0490\u0491]+"),
    "Greek": re.compile("[\u0386\u0388-\u03ce]+"),
    "Hebrew": re.compile("[\u05b0-\u05bd\u05d0-\u05ea\u05f3\u05f4]+"),
    "Arabic": re.compile("[\u0621-\u0655\u0670-\u06d3]+"),
    "Thai": re.compile("[\u0e01-\u0e4e]+"),
    "Chinese and Japanese": re.compile("[\u3005\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff\uff66-\uff9f]+"),
    "Korean": re.compile("[\uac00-\ud7a3]+"),
}
