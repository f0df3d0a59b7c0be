from django.db import models


class Agent(models.Model):
    id = models.CharField(primary_key=True, max_length=32)
    agent_no = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=32)
    province = models.CharField(max_length=2)
    uscc = models.CharField(max_length=18)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "agents"

    def __str__(self) -> str:
        return self.name
