"""``baihua predict``: what a trained model finds in one's own file."""

from baihua.cli.root import app
from baihua.cli.verb import verb_group

group = verb_group(zh="用训练好的模型处理自己的文件。", en="Apply a trained model to your own file.")
app.add_typer(group, name="predict")
