"""Common given and family names of each language, as people write them: most have no accented letters.

`letters` counts which letters follow each other in them. To teach the check a language better, add names to it.
"""

# A language that is also in spellings.LATIN gets the words there in addition.
COMMON_NAMES: dict[str, str] = {
    "English": (
        "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony "
        "Mark Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob "
        "Gary Nicholas Eric Stephen Jonathan Larry Justin Scott Brandon Benjamin Samuel Mary Patricia Jennifer "
        "Linda Elizabeth Barbara Susan Jessica Sarah Karen Nancy Lisa Betty Margaret Sandra Ashley Kimberly Emily "
        "Donna Michelle Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson White "
        "Harris Thompson Robinson Clark Lewis Walker Young King Wright Hill Green Adams Baker Nelson Carter "
        "Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards Collins Stewart Morris Rogers Reed Cook "
        "Email First Last name Description Manager Assistant Office Night shift Team Sales Support Engineer "
        "Teacher Nurse Officer Health Service Department Administrator Consultant Designer Developer Director "
        "Technician Research Public relations Marketing Finance School Company Student Group Branch"
    ),
    "French": (
        "Geneviève Eugénie Clémence Valérie Aurélie Cécile Céline Jérôme Rémi Sébastien Cédric Frédéric Stéphane Gaël "
        "Maël Noël Joël Raphaël Mickaël Anaïs Inès Agnès Thaïs Régis Hervé René Désiré Théo Timéo Gaétan Loïc Benoît "
        "Zoé Salomé Maïa Eloïse Nadège Solène Hélène Irène Marlène Ève Adèle Estelle Michèle Danièle Maïté Léo Rosalie "
        "Lacombe Delacroix Levêque Brière Carrière Barrière Verdière Desprès Bessière Clavière Dufrêne Lagacé Bédard "
        "métier matière première manière ouvrière infirmière conseillère système complète société "
        "Jean Pierre Michel Philippe Alain Nicolas Christophe Patrick Daniel Bernard Pascal Laurent David "
        "Christian Olivier Julien Thomas Antoine Guillaume Alexandre Vincent Mathieu Maxime Romain Arnaud Thierry "
        "Fabrice Bruno Quentin Hugo Louis Jules Arthur Gabriel Baptiste Xavier Yves Guy Roland Serge Marie "
        "Nathalie Isabelle Sylvie Catherine Martine Christine Monique Nicole Sandrine Sophie Julie Camille Manon "
        "Chloé Emma Mathilde Pauline Juliette Charlotte Laure Claire Virginie Aurore Marguerite Odette Josette "
        "Paulette Élodie Éléonore Stéphanie Mélanie Véronique Frédérique Hélène Noémie Léa Martin Bernard Dubois "
        "Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Michel Garcia Bertrand Roux Fournier Girard "
        "Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Faure Mercier Blanc Guerin Boyer Garnier Chevalier "
        "Legrand Gauthier Perrin Robin Morin Mathieu Clement Gautier Dumont Lopez Fabre Aubert Renard Marchand "
        "Duval Denis Lemaire Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas Brunet Gaillard Barbier "
        "Leclerc Renaud Roche Schmitt Colin Vidal Caron Picard Roger Aubry Philippe Bourgeois Lacroix Benoit "
        "Rolland Vasseur Charpentier Humbert Carpentier Gillet Delattre Besson Berger Ménard Prévost Hébert "
        "Lefèvre Lefebvre François Gérard Pépin Côté Bélanger Tessier Pelletier Gagnon Bouchard Tremblay Poulin "
        "Ingénieur Assistant Responsable Directeur Conseiller Technicien Chargé Secrétaire Comptable Médecin "
        "Infirmier Enseignant Développeur Chef Équipe Agent Vendeur Magasinier Cuisinier Éducateur Opérateur "
        "Géomètre Employé Journaliste Préparateur Prénom Nom Courriel Intitulé Saint Cédex sur ville mont"
    ),
    "German": (
        "Björn Günter Sören Rüdiger Bärbel Jürgen Käthe Lüder Schäfer Jäger Böhm Krämer Bräuer Häusler Nußbaum "
        "Weißmann Groß Strauß Straßer Dreßler Kößler Preuß Förster Gärtner Hübner Kühn Schütz Schröder Möller Röder "
        "Lektor Universität Gesellschaft Qualität Assistentin Informatiker Universitäts Sekretär Aufträge Händler Maß "
        "Peter Wolfgang Michael Werner Klaus Thomas Manfred Helmut Andreas Hans Heinz Stefan Christian Jürgen "
        "Dieter Bernd Frank Uwe Martin Matthias Markus Alexander Sebastian Tobias Florian Lukas Felix Jonas Leon "
        "Maximilian Paul Moritz Niklas Jan Tim Fabian Simon Philipp Gerhard Horst Karl Ulrich Ursula Maria Monika "
        "Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela Claudia Susanne Gabriele "
        "Christa Christine Hildegard Anna Birgit Barbara Gertrud Heike Marianne Elke Martina Angelika Katrin "
        "Stefanie Julia Katharina Lena Hannah Leonie Käthe Jörg Björn Götz Müller Schmidt Schneider Fischer Weber "
        "Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz "
        "Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze "
        "Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn "
        "Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht "
        "Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel "
        "Heinrich Brandt Haas Schreiber Graf Dietrich Leiter Entwickler Verwaltung Vertrieb Fachkraft Kaufmann "
        "Kauffrau Mechaniker Techniker Lehrer Ingenieur Pfleger Verkäufer Fräser Gärtner Hörgeräte Büro Geschäft "
        "Führer Prüfer Maler Lackierer Bäcker Koch Vorname Nachname Tätigkeit Abteilung Bad Burg Stadt Dorf Hausen "
        "Ingen Schichtführer Gerät"
    ),
    "Spanish": (
        "Muñoz Núñez Ibáñez Peña Piña Niño Patiño Mariño Zúñiga Castañeda Ordóñez Quiñones Begoña Íñigo Toñi Iñaki "
        "Salvador Salvá Jonás Abigail Matías Isaías Elías Zacarías Macías Díaz García Farías Lucía Sofía Rocío Darío "
        "Antonio Manuel Francisco David Juan Javier Daniel Carlos Alejandro Rafael Miguel Pedro Pablo Sergio Jorge "
        "Fernando Luis Alberto Diego Eduardo Mario Enrique Roberto Vicente Ricardo Ignacio Marcos Emilio Salvador "
        "Julio Gustavo Hugo Adolfo Ernesto Rodrigo Felipe Gonzalo Lorenzo Esteban Arturo José Jesús Ángel Óscar "
        "Andrés Víctor Ramón Joaquín Raúl Iván Rubén Álvaro Adrián Tomás Martín Nicolás Sebastián Fabián Germán "
        "Agustín Julián Cristóbal Carmen Ana Isabel Laura Cristina Marta Dolores Lucia Pilar Elena Paula Raquel "
        "Rosa Manuela Mercedes Julia Beatriz Nuria Silvia Irene Patricia Alba Rocío Andrea Rosario Mónica "
        "Encarnación Montserrat Alicia Marina Sonia Susana Yolanda Natalia Inmaculada Gloria Amparo Esther Lourdes "
        "Concepción María Lucía Sofía Inés Ángela Belén Verónica Bárbara Concepción Asunción Estefanía Noemí "
        "Rosalía Begoña Fátima Araceli Valentina Guadalupe Ximena García Rodríguez González Fernández López "
        "Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Ruiz Díaz Moreno Muñoz Álvarez Romero Gutiérrez "
        "Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil Serrano Morales Molina Blanco Suárez Castro "
        "Ortega Delgado Ortiz Marín Rubio Núñez Medina Sanz Castillo Iglesias Cortés Garrido Santos Guerrero "
        "Lozano Cano Cruz Méndez Flores Prieto Herrera Peña León Márquez Cabrera Gallego Calvo Vidal Campos Reyes "
        "Vega Fuentes Carrasco Aguilar Nieto Caballero Vargas Giménez Pascual Herrero Montero Hidalgo Lorenzo "
        "Santiago Benítez Arias Durán Ferrer Ibáñez Mora Carmona Vicente Rojas Soto Crespo Román Velasco Pastor "
        "Sáez Parra Moya Bravo Soler Gallardo Esteban Rivera Silva Pardo Franco Echeverría Zapata Ingeniero "
        "Profesor Técnico Director Médico Administrativo Abogado Enfermero Diseñador Correo Nombre Apellidos "
        "Descripción Montaña Enseñanza Compañía electrónico Dirección Química Física Gestión Educación "
        "Investigación Farmacéutico Psicólogo Público Operación Villa Puerto Nueva Norte Segunda"
    ),
    "Portuguese": (
        "Maria Ana Francisca Antonia Adriana Juliana Marcia Fernanda Patricia Aline Sandra Camila Amanda Bruna "
        "Jessica Leticia Julia Luciana Vanessa Mariana Gabriela Vera Larissa Beatriz Carolina Rafaela Inês Joana "
        "Catarina Matilde Leonor Margarida Sofia Marta Diana Lara Helena Teresa Rosa Isabel Paula José João "
        "Antonio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Luis Gabriel Rafael Daniel Marcelo Bruno Eduardo "
        "Felipe Raimundo Rodrigo Manoel Mateus Andre Fernando Fabio Leonardo Gustavo Guilherme Leandro Tiago "
        "Anderson Ricardo Diogo Miguel Rui Nuno Vasco Afonso Duarte Henrique Bernardo António Inês Luís Sérgio "
        "Fábio Cláudio Júlio César Vítor Mário Flávio Mónica Cláudia Sónia Fátima Lúcia Júlia Letícia Patrícia "
        "Débora Natália Beatriz Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Jesus Sousa "
        "Fernandes Gonçalves Gomes Lopes Marques Alves Almeida Ribeiro Pinto Carvalho Teixeira Moreira Correia "
        "Mendes Nunes Soares Vieira Monteiro Cardoso Rocha Neves Coelho Cruz Cunha Pires Ramos Reis Simões Antunes "
        "Matos Fonseca Machado Araújo Barbosa Tavares Lourenço Castro Figueiredo Azevedo Freitas Magalhães "
        "Henriques Lima Guerreiro Batista Pinheiro Faria Miranda Barros Morais Nogueira Esteves Anjos Baptista "
        "Campos Mota Andrade Brito Sá Nascimento Leite Abreu Borges Melo Vaz Pinho Vicente Gaspar Assunção Maia "
        "Moura Valente Carneiro Garcia Branco Leal Moraes Souza Dias Camargo Barreto Peixoto Conceição Guimarães "
        "Aragão Caldeira Jardim Viana Rezende Cavalcanti Siqueira Engenheiro Professor Técnico Gestor Diretor "
        "Médico Analista Serviço Descrição Nome Apelido próprio Operário Informação Ação Educação Produção Técnica"
    ),
    "Italian": (
        "Marco Andrea Francesco Alessandro Matteo Lorenzo Gabriele Mattia Riccardo Davide Luca Leonardo Federico "
        "Simone Giuseppe Giovanni Antonio Mario Luigi Roberto Paolo Angelo Stefano Vincenzo Salvatore Domenico "
        "Michele Massimo Claudio Giorgio Bruno Maria Anna Giulia Chiara Sara Martina Francesca Silvia Elisa Alice "
        "Federica Alessia Laura Elena Valentina Paola Giovanna Rosa Angela Lucia Teresa Caterina Carla Rossi Russo "
        "Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De Luca Mancini Costa "
        "Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini "
        "Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola Marchetti Parisi Villa Conte Ferri Fabbri "
        "Bianco Marini Grasso Valentini Messina Sala Gatti Pellegrini Palumbo Sanna Farina Rizzi Monti Cattaneo "
        "Morelli Amato Silvestri Mazza Testa Grassi Nicolò Noè Forlì"
    ),
    "Catalan": (
        "Jordi Marc Joan Pau Pol Albert Xavier Oriol Arnau Josep Antoni Miquel Pere Ramon Francesc Jaume Enric "
        "Carles Ferran Guillem Eduard Ignasi Montserrat Laia Marta Anna Mireia Carme Neus Meritxell Gemma Marina "
        "Aina Roser Imma Maria Judit Jordana Puig Vila Serra Soler Roca Ferrer Vidal Pujol Bosch Riera Casals "
        "Costa Font Mas Sala Planas Prat Batlle Roig Rovira Torrent Vives Camps Coll Bonet Llopis Esteve Cases "
        "Bover Castells Valls Fuster Estruch"
    ),
    "Dutch": (
        "Jan Johannes Cornelis Hendrik Willem Pieter Gerrit Jacobus Dirk Maarten Jeroen Bas Sander Thijs Daan Bram "
        "Sem Lars Tim Luuk Ruben Jesse Niels Joost Wouter Koen Stijn Rik Maria Johanna Anna Elisabeth Cornelia "
        "Wilhelmina Hendrika Sanne Lotte Fleur Femke Anouk Iris Eva Sophie Julia Emma Lieke Marieke Ingrid Marloes "
        "Saskia Jansen Bakker Visser Smit Meijer Boer Mulder Groot Bos Vos Peters Hendriks Leeuwen Dekker Brouwer "
        "Dijk Wit Dijkstra Smits Graaf Meer Kok Jacobs Haan Vermeulen Heuvel Veen Broek Schouten Beek Willems "
        "Vliet Hoekstra Koster Prins Blom Huisman Peeters Kuipers Veenstra Kuiper Postma Janssens Maes Mertens "
        "Willems Claes Goossens Wouters Stevens Martens Verhoeven Timmermans Wijk Zwart van der den"
    ),
    "Scandinavian": (
        "Lars Mikael Anders Johan Erik Per Karl Peter Jan Thomas Daniel Fredrik Magnus Mattias Henrik Stefan "
        "Gustav Oskar Elias Hugo Nils Olof Sven Bengt Leif Maria Anna Margareta Elisabeth Eva Kristina Birgitta "
        "Karin Ingrid Linnea Marie Kerstin Lena Helena Emma Johanna Ulla Inger Gunilla Astrid Sigrid Maja Niels "
        "Jens Hans Christian Martin Rasmus Mads Mikkel Frederik Kasper Kirsten Hanne Mette Anne Helle Susanne Lone "
        "Camilla Line Bente Kari Liv Randi Solveig Ole Kjell Terje Odd Knut Svein Geir Tor Trond Rune Morten Espen "
        "Tore Stian Ingvar Olav Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson "
        "Gustafsson Pettersson Jonsson Jansson Hansson Bengtsson Lindberg Jakobsson Magnusson Olofsson Lindqvist "
        "Lindgren Axelsson Berg Lundberg Lund Bergman Fredriksson Sandberg Henriksson Forsberg Wallin Engström "
        "Eklund Danielsson Lundin Holm Jensen Nielsen Hansen Pedersen Andersen Christensen Larsen Rasmussen "
        "Petersen Madsen Kristensen Olsen Thomsen Christiansen Poulsen Johansen Knudsen Mortensen Iversen Johnsen "
        "Nilsen Karlsen Eriksen Berge Haugen Hagen Dahl Halvorsen Solberg Moen Strand Lie Bakken Kristoffersen "
        "Åkesson Sjöberg Wikström Nyström Öberg Björk Söderlund Nordström Hedlund Sundström"
    ),
    "Finnish": (
        "Juhani Johannes Mikael Olavi Antero Tapani Kalevi Tapio Matti Pekka Juha Timo Kari Mika Antti Jari Jukka "
        "Heikki Markku Petri Sami Marko Ville Janne Maria Helena Johanna Anneli Kaarina Marjatta Anna Liisa "
        "Annikki Hannele Tuula Ritva Leena Pirjo Sari Minna Marja Riitta Tiina Päivi Eeva Hanna Laura Korhonen "
        "Virtanen Nieminen Laine Heikkinen Koskinen Järvinen Lehtonen Lehtinen Saarinen Salminen Heinonen Niemi "
        "Heikkilä Salonen Kinnunen Turunen Salo Laitinen Tuominen Rantanen Karjalainen Jokinen Mattila Savolainen "
        "Lahtinen Ahonen Ojala Leppänen Hiltunen Väisänen Miettinen Pitkänen Aaltonen Manninen Hakala Koivisto "
        "Laaksonen Hirvonen Räsänen Kallio Anttila Kokkonen Moilanen Peltonen Mustonen Mäkinen Mäkelä Hämäläinen"
    ),
    "Icelandic": (
        "Jon Sigurdur Gunnar Helgi Einar Bjarni Kristjan Birgir Stefan Haukur Ragnar Arnar Daniel Aron Viktor Anna "
        "Helga Sigrun Inga Birna Ragnheidur Hildur Ingibjorg Jón Sigurður Guðmundur Gunnar Ólafur Einar Kristján "
        "Magnús Stefán Jóhann Björn Árni Bjarni Helgi Halldór Guðrún Anna Kristín Sigríður Margrét Helga Ingibjörg "
        "Sigrún María Jóhanna Elín Guðbjörg Ragnheiður Ásta Hildur Þórunn Jónsson Jónsdóttir Sigurðsson "
        "Guðmundsson Gunnarsson Ólafsson Magnússon Einarsson Kristjánsson Bjarnason Árnason Pálsson Halldórsdóttir "
        "Stefánsdóttir Gunnarsdóttir Helgadóttir Þorsteinsson Björnsdóttir Ragnarsson"
    ),
    "Irish": (
        "Patrick Conor Sean Liam Declan Brendan Kieran Colm Eoin Fergal Niall Fionn Cian Darragh Aisling Ciara "
        "Aoife Deirdre Orla Maeve Grainne Niamh Sinead Eileen Murphy Kelly Byrne Ryan Doyle McCarthy Gallagher "
        "Doherty Kennedy Lynch Murray Quinn Moore McLoughlin Carroll Connolly Daly Wilson Dunne Brennan Burke Ó "
        "Murchú Ó Súilleabháin Ó Briain Ó Néill Ó Conchúir Mac Cárthaigh Ní Bhriain Ní Mhurchú Ó Dálaigh Ó "
        "Ceallaigh Mac Gabhann Nic Dhomhnaill Breathnach"
    ),
    "Polish": (
        "Jan Andrzej Piotr Krzysztof Tomasz Marcin Marek Grzegorz Adam Zbigniew Jerzy Tadeusz Mateusz Dariusz "
        "Mariusz Wojciech Ryszard Jakub Henryk Robert Kazimierz Maciej Kamil Dawid Przemysław Bartosz Sebastian "
        "Szymon Leszek Filip Hubert Anna Maria Katarzyna Agnieszka Barbara Krystyna Ewa Zofia Teresa Magdalena "
        "Joanna Janina Monika Danuta Jadwiga Aleksandra Halina Irena Beata Marta Dorota Helena Karolina Jolanta "
        "Iwona Marianna Natalia Urszula Justyna Wiktoria Nowak Kowalski Wójcik Kowalczyk Woźniak Mazur Krawczyk "
        "Piotrowski Grabowski Zając Król Wieczorek Wróbel Stępień Adamczyk Dudek Nowicki Pawlak Sikora Walczak "
        "Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Marciniak Jaworski Duda Malinowski "
        "Bartosz Kucharski Wilk Lis Kubiak Kalinowski Czarnecki Przybylski Kołodziej Sobczak Szulc Cieślak "
        "Maciejewski Borkowski Urban Sadowski Jasiński Zalewski Bak Chmielewski Włodarczyk Wasilewski Kaczmarek "
        "Gajewski Kamińska Dąbrowska Zielińska Szymańska Lewandowska Jankowska Mazurek Bednarek Rogalski "
        "Orzechowski Szczepaniak"
    ),
    "Czech": (
        "Jan Petr Josef Pavel Martin Jaroslav Zdenek Michal Milan Karel Jakub David Daniel Roman Stanislav "
        "Vladimir Antonin Radek Marek Filip Dominik Libor Radim Marie Jana Eva Hana Anna Vera Alena Petra Lenka "
        "Monika Veronika Helena Michaela Jarmila Jitka Ivana Lucie Zuzana Dana Barbora Klara Tereza Blanka Zdenka "
        "Svoboda Svobodova Novotny Cerny Prochazka Kucera Vesely Horak Nemec Marek Pokorny Zeman Urban Kolar Fiala "
        "Sedlak Vanek Bartos Kadlec Havel Stanek Bures Kopecký Šimek Němcová Hájková Poláková Vlasta Krejčí Novák "
        "Nováková Dvořáková Jelínková Dostál Moravec Pokorná Soukup Ševčík Tesař Vacek Hejl Blecha Zelenka"
    ),
    "Slovak": (
        "Jozef Peter Stefan Milan Michal Martin Miroslav Pavol Jaroslav Ivan Igor Juraj Vladimir Rastislav "
        "Branislav Dusan Marian Patrik Erik Samuel Adam Marek Maria Anna Eva Monika Katarina Zuzana Martina Lucia "
        "Jana Veronika Ivana Alena Andrea Viera Helena Daniela Miroslava Silvia Beata Simona Natalia Dominika "
        "Horvath Kovac Varga Toth Nagy Balaz Szabo Molnar Lukac Novak Kovacova Polak Gajdos Kollar Hudak Nemec "
        "Kovacik Olah Kral Krajci Takac Bartos Urban Adamec Kováčik Ivanič Šimko Hlaváč Ondruš Zelenák Bielik Tkáč "
        "Mikloš Sabol Hric Jurčo Vlček Mihálik Lacko Duda Marko Petrík Kuchár Blaho Mináč Žilka Černák Beňo"
    ),
    "Slovene and Croatian": (
        "Ivan Josip Marko Stjepan Ante Tomislav Ivica Luka Mario Petar Nikola Zoran Davor Goran Damir Darko Robert "
        "Dragan Branko Vedran Hrvoje Franc Janez Andrej Matej Rok Gregor Igor Peter Bojan Jure Milan Blaz Ana "
        "Marija Ivana Mirjana Katarina Nada Dragica Ljubica Vesna Sanja Jasna Petra Martina Lucija Ema Maja Nina "
        "Mateja Andreja Irena Alenka Darja Tanja Barbara Horvat Babic Maric Juric Novak Kovacic Knezevic Vukovic "
        "Markovic Petrovic Matic Tomic Pavlovic Bozic Blazevic Grgic Pavic Radic Perkovic Filipovic Saric Lovric "
        "Vidovic Krajnc Zupancic Potocnik Mlakar Kos Golob Turk Bozic Kralj Korosec Bizjak Hribar Kotnik Vidmar "
        "Rozman Kolar Oblak Jerman Medved Babić Marić Jurić Novaković Vuković Petrović Matić Tomić Pavlović "
        "Perković Topić Stanić Radić Lukić Grgić Zupanc Jurišić Matošević Bilić Jelić Brkić Vidić Jović Kranjčar "
        "Modrić Lisica Pavlič Hojnik Vodušek Kramberger"
    ),
    "Hungarian": (
        "Istvan Laszlo Jozsef Janos Zoltan Sandor Gabor Ferenc Attila Peter Tamas Zsolt Tibor Andras Csaba Imre "
        "Lajos Gyorgy Balazs Mihaly Norbert Robert Krisztian Maria Erzsebet Katalin Ilona Eva Anna Zsuzsanna "
        "Margit Judit Agnes Andrea Julianna Ildiko Krisztina Eszter Timea Monika Piroska Szilvia Beata Reka Anita "
        "Gergely Bence Mate Levente Dominik Botond Nagy Kovacs Toth Szabo Horvath Varga Kiss Molnar Nemeth Farkas "
        "Balogh Papp Takacs Juhasz Lakatos Meszaros Olah Simon Racz Fekete Szilagyi Torok Feher Balazs Gal Kis "
        "Szucs Kocsis Orsos Pinter Fodor Szalai Sipos Magyar Lukacs Gulyas Biro Kiraly Laszlo Katona Jakab Bogdan "
        "Balog Boros Somogyi Varadi Fazekas Antal Hegedus Bodnar Halasz Orosz Hajdu Sandor Vincze Pasztor Veres "
        "Kelemen Barta Vass Gaspar Bakos Soos Király Gál Török Váradi Fülöp Bognár Illés Bálint Székely Dobos Pál "
        "Deák Hajdú Sárközi Bodnár Fábián Jónás Kozma Mohácsi Szentgyörgyi Csonka Barna"
    ),
    "Romanian": (
        "Andrei Alexandru Ion Gheorghe Mihai Vasile Constantin Adrian Florin Marian Daniel Cristian Bogdan Marius "
        "Nicolae Ionut George Gabriel Razvan Catalin Radu Sorin Lucian Dumitru Petru Viorel Cornel Claudiu Maria "
        "Elena Ana Ioana Mihaela Andreea Daniela Cristina Alexandra Gabriela Alina Simona Mariana Camelia Raluca "
        "Adriana Nicoleta Roxana Laura Monica Loredana Popescu Ionescu Popa Pop Radu Dumitru Stan Stoica Gheorghe "
        "Matei Ciobanu Rusu Munteanu Constantin Dinu Serban Moldovan Dumitrescu Florea Marin Nistor Barbu Lazar "
        "Dobre Tudor Stefan Preda Ungureanu Toma Manole Sandu Nicolescu Georgescu Diaconu Cristea Oprea Voicu "
        "Enache Albu Mihai Iordache Badea Vasile Ene Suciu Grigore Anghel Dragomir Niculae Zamfir Bucur Cozma "
        "Mocanu"
    ),
    "Turkish": (
        "Mehmet Mustafa Ahmet Ali Hasan Murat Ibrahim Ismail Osman Yusuf Halil Ramazan Emre Burak Can Kemal Orhan "
        "Serkan Hakan Cem Tolga Volkan Onur Selim Deniz Fatma Emine Hatice Zeynep Elif Meryem Zehra Merve Esra "
        "Hacer Yasemin Selin Ebru Aylin Sevgi Nur Derya Pelin Melike Sibel Gamze Leyla Nurhan Asuman Defne Yilmaz "
        "Kaya Demir Sahin Celik Yildiz Yildirim Ozturk Aydin Ozdemir Arslan Dogan Kilic Aslan Cetin Kara Koc Kurt "
        "Ozkan Simsek Polat Korkmaz Erdogan Can Acar Yavuz Tekin Aktas Bulut Keskin Unal Turan Guler Bozkurt Ates "
        "Sari Avci Kaplan Taskin Gunes Tas Ceylan Eren Karaca Demirci Sezer Duman Akman Turkmen Balci Öztürk "
        "Özdemir Kılıç Çetin Özkan Şimşek Erdoğan Koç Güler Avcı Aktaş Ünal Sarı Taş Yıldırım Aydın Doğan "
        "Bayraktar Tunç Durmaz Gülbahar Akın Şen Yalçın"
    ),
    "Lithuanian": (
        "Jonas Petras Antanas Tomas Andrius Mindaugas Darius Vytautas Algirdas Marius Gintaras Paulius Rimantas "
        "Saulius Arturas Linas Arnas Lukas Matas Domas Povilas Ona Janina Irena Danute Birute Regina Daiva Rasa "
        "Jurga Ruta Inga Laima Egle Kristina Jolanta Vaida Asta Gabija Ieva Ugne Emilija Austeja Kamile Lina Zita "
        "Kazlauskas Jankauskas Petrauskas Stankevicius Vasiliauskas Butkus Paulauskas Urbonas Kavaliauskas "
        "Navickas Ramanauskas Sakalauskas Pocius Savickas Rimkus Urbonaviciute Petrauskaite Kazlauskiene "
        "Jankauskiene Vaitkus Mikalauskas Zukauskiene Baranauskas Malinauskas Gudaitis Adomaitis Jonaitis "
        "Kazlauskienė Petrauskaitė Jonaitytė Nausėda Daukša Bružas Šulcas Grigaitė Žilinskas Vaičiulis Kubilius "
        "Bartkus Norvaiša"
    ),
    "Latvian": (
        "Janis Andris Juris Edgars Maris Martins Peteris Artis Aivars Ivars Guntis Gints Aigars Raivis Kaspars "
        "Valdis Imants Arturs Roberts Gustavs Markuss Emils Anna Kristine Inese Ilze Inga Maija Liga Anita Dace "
        "Sandra Baiba Laura Santa Ieva Zane Evija Agnese Linda Elina Aija Daina Iveta Ruta Velta Sofija Alise "
        "Berzins Kalnins Ozolins Jansons Ozols Liepins Krumins Balodis Eglitis Petersons Zarins Vitols Ivanovs "
        "Vanags Zalitis Dzenis Karklins Lacis Grinbergs Rozitis Bērziņš Kalniņš Ozoliņa Jansone Liepiņš Krūmiņa "
        "Balodis Eglītis Pētersons Zariņa Vītola Skuja Siliņš Apsītis Priede Strautiņš Celmiņš Dumpis Freimane "
        "Vilks"
    ),
    "Estonian": (
        "Jaan Toomas Rein Andres Priit Margus Indrek Urmas Aivar Martin Rasmus Kristjan Marko Siim Madis Tanel "
        "Meelis Raivo Peeter Tarmo Juhan Kaarel Henri Mihkel Karl Anne Tiina Anu Katrin Kristi Piret Merle Maarika "
        "Riina Kadri Liis Triin Kaja Ene Malle Helve Ülle Eve Signe Maret Liina Annika Sirje Eha Aino Kersti Reet "
        "Tamm Saar Sepp Kask Kukk Rebane Ilves Koppel Luik Oja Raud Kuusk Karu Lepik Vaher Kallas Kivi Kangur "
        "Pihlak Leppik Teder Mets Raudsepp Lind Sild Laas Toom Mägi Põld Kütt Jõgi Pärn Lõhmus Kõiv Uibo Roos Aas "
        "Hunt Allik Kruus Laur Rand Vares Ots Tali Kuusik Pärtel Käär"
    ),
    "Albanian": (
        "Agim Arben Besnik Ilir Genti Artan Blerim Dritan Fatos Luan Petrit Shpetim Arta Blerta Elira Mimoza Teuta "
        "Valbona Vjosa Drita Hoxha Shehu Prifti Leka Gashi Krasniqi Berisha Kelmendi Morina Bytyqi Dervishi Marku "
        "Gjoka Kola Rama Basha Nano"
    ),
    "Vietnamese": (
        "Nguyen Tran Le Pham Hoang Huynh Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Minh Anh Tuan Hung Dung Hoa Lan "
        "Mai Linh Trang Thu Thao Phuong Quang Long Nam Hai Son Khanh Trung Hieu Nhung Giang Yen Bich Phan Đinh "
        "Trịnh Đoàn Lương Mai Lâm Hồng Thủy Quỳnh Trinh Kiều Nhật Tiến Phúc Lộc Thọ Kiên Châu Bảo Trí Đạt"
    ),
    "Russian": (
        "Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Артём Николай Владимир Павел Роман "
        "Виктор Юрий Игорь Олег Константин Антон Илья Кирилл Анна Мария Елена Ольга Наталья Татьяна Ирина "
        "Екатерина Светлана Юлия Анастасия Дарья Марина Людмила Галина Надежда Вера Ксения Виктория Алина Полина "
        "Софья Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков "
        "Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлова Андреева Макарова Никитина "
        "Захарова Зайцева Соловьёва Борисова Яковлева Григорьева Романова Воробьёва Сергеева Кузьмина Фролова "
        "Щербакова Жукова Иванович Петровна Сергеевич Александровна Чернышёв Цветков Шишкин Быков Эльвира Инженер "
        "Менеджер Директор отдел по и"
    ),
    "Ukrainian": (
        "Олександр Сергій Володимир Андрій Микола Іван Василь Дмитро Юрій Віктор Михайло Анатолій Петро Богдан "
        "Тарас Ігор Євген Ярослав Остап Григорій Олексій Роман Олена Наталія Тетяна Ірина Оксана Людмила Світлана "
        "Марія Юлія Ганна Катерина Надія Галина Любов Вікторія Соломія Зоряна Леся Мар'яна Софія Поліна Євгенія "
        "Шевченко Бондаренко Коваленко Ткаченко Кравченко Мельник Коваль Поліщук Бойко Олійник Лисенко Марченко "
        "Савченко Руденко Петренко Мороз Клименко Павленко Гончаренко Левченко Романюк Ковальчук Їжак Гнатюк "
        "Захарченко Кравець Швець Семенюк Ґудзь Дячук Панченко Костюк Мазур Литвин Кузьменко"
    ),
    "Bulgarian": (
        "Георги Иван Димитър Николай Петър Христо Йордан Стоян Васил Тодор Стефан Кирил Борислав Красимир Пламен "
        "Емил Румен Мария Иванка Елена Йорданка Пенка Радка Десислава Гергана Цветелина Надежда Росица Иванов "
        "Георгиев Димитров Петров Николов Стоянов Христов Тодоров Илиев Ангелов Василев Петкова Маринова Колева "
        "Йорданова Костова Атанасова Стефанова Михайлова Павлова Александър Живко Любомир Стамен Ѓорѓи Трајко "
        "Јован Бојан Ќосев Петровски Николовска Трајковски"
    ),
    "Greek": (
        "Γεώργιος Ιωάννης Δημήτριος Κωνσταντίνος Νικόλαος Παναγιώτης Βασίλειος Χρήστος Αθανάσιος Μιχαήλ Ευάγγελος "
        "Σπυρίδων Αντώνιος Αναστάσιος Θεόδωρος Ανδρέας Γιάννης Μαρία Ελένη Αικατερίνη Βασιλική Σοφία Αγγελική "
        "Γεωργία Δήμητρα Κωνσταντίνα Ευαγγελία Άννα Παρασκευή Ιωάννα Χριστίνα Αναστασία Φωτεινή Ειρήνη Δέσποινα "
        "Ζωή Παπαδόπουλος Βλάχος Παππάς Γεωργίου Δημητρίου Νικολάου Οικονόμου Παπαδάκης Καραγιάννης Αλεξίου Μακρής "
        "Αντωνίου Ιωάννου Κωνσταντίνου Χατζής Παπαγεωργίου Δημόπουλος Μιχαηλίδης Κωστοπούλου Παπανικολάου "
        "Αγγελόπουλος Ξενάκης Ψαρράς Θεοδωρίδης Σταμάτης Υψηλάντης Ωραιόπουλος Έλλη Ήρα Ίρις Όλγα Λάμπρου Ρήγας"
    ),
    "Hebrew": (
        "דוד משה יוסף יעקב אברהם יצחק שמואל דניאל יונתן איתי נועם אורי עומר אריאל עידו גיא רון אלון תומר ליאור שרה "
        "רחל לאה מרים אסתר רבקה חנה תמר נועה מאיה יעל שירה מיכל רונית אורלי ענת ליאת כהן לוי מזרחי פרץ ביטון דהן "
        "אברהם פרידמן שפירא מלכה אזולאי כץ יוסף עמר חדד גבאי בן דוד אדרי לביא טל ברק גולן הרשקוביץ קליין שטרן "
        "רוזנברג סגל צור נחמיאס זוהר פלדמן וייס"
    ),
    "Arabic": (
        "محمد أحمد علي حسن حسين عبد الله إبراهيم يوسف عمر خالد سعيد محمود مصطفى طارق ياسر سامي كريم فاطمة عائشة "
        "مريم زينب خديجة نور سارة ليلى هدى سلمى أمل رانيا منى الشريف المصري السيد العلي الأحمد حداد نجار خوري "
        "منصور صالح قاسم ناصر عباس جابر غانم الزهراني القحطاني الغامدي العتيبي الحربي الدوسري شاهين بكر عثمان رشيد "
        "عوض"
    ),
    "Thai": (
        "สมชาย สมหญิง สมศักดิ์ ประเสริฐ วิชัย สุรชัย อนันต์ มานะ ชัยวัฒน์ ณัฐพล กิตติ ธนา พงศ์ วรรณา มาลี สุดา "
        "นิภา พรทิพย์ รัตนา อรุณ จันทร์ ศิริพร กาญจนา แสงทอง ศรีสุข ทองดี บุญมี ใจดี วงศ์สวัสดิ์ สุขใจ เจริญ "
        "รักไทย ชัยชนะ พิทักษ์ แก้วมณี"
    ),
}  # fmt: skip

# The characters of the most common names and words. These languages have too many characters to count their pairs.
COMMON_CHARACTERS: dict[str, str] = {
    "Japanese": (
        "佐藤鈴木高橋田中渡辺伊東山本村小林加吉口松井斎清水崎池阿部森内石川島原長谷近岡後坂遠青福西三浦武上野大久"
        "保太一郎次健翔子美恵香奈裕真由和久幸弘明直樹智浩陽葵結衣花菜愛優里沙彩舞桃千夏秋春知実京助零翼淳七涼亮介"
        "拓也哲司洋聡修治剛稔充学勇豊茂正雄夫男江代世紀貴典文英進光信隆博昭義秀俊"
    ),
    "Chinese, simplified": (
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘"
        "杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文伟芳娜秀英"
        "敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉萍红梅建国华志鑫婷雪宇浩欣怡子涵轩博琳颖慧倩洁莹丹凤琴云莲荣燕辉"
        "斌波健鹏峰雷亮欢帆佳晨阳"
    ),
    "Chinese, traditional": (
        "陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余盧梁趙顏柯翁魏孫戴范方"
        "宋鄧杜傅侯曹薛丁卓馬阮董唐温溫藍石蔣古紀姚連馮歐程湯田康姜白汪鄒尤巫鐘黎涂龔嚴韓淑芬美玲雅婷家豪志明俊傑"
        "建宏怡君惠如雯琪佩欣宜靜瑩慧文雄華強國榮金龍玉珍月英秀勝冠宇承翰宗柏哲彥詩涵心郁庭瑋馨儀芳萍蓉麗鳳雲麟鑫"
        "偉賢德"
    ),
    "Korean": (
        "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변"
        "염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국은준서연영수미경희숙자순철호재훈우동건태상병환욱혁빈"
        "예은하늘아람솔슬보나라다정혜란화용식규"
    ),
}  # fmt: skip
