VIEWS: list = []
