def is_possible():
    return False
