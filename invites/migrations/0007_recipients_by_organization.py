from django.db import migrations, models
import django.db.models.deletion
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forget_counts(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Nobody knows which organization they are of, and they last for a day."""
    apps.get_model("invites", "DayOfRecipient").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('invites', '0006_correction_jobs'),
    ]

    operations = [
        migrations.RunPython(forget_counts, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='dayofrecipient',
            name='one_count_per_recipient_and_day',
        ),
        migrations.AddField(
            model_name='dayofrecipient',
            name='organization',
            field=models.ForeignKey(db_index=False, default=0, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='dayofrecipient',
            constraint=models.UniqueConstraint(fields=('day', 'organization', 'email_key'), name='one_count_per_recipient_and_day'),
        ),
    ]
