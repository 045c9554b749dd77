"""What people have to do: tasks of persons and posts, from people and from rules."""
