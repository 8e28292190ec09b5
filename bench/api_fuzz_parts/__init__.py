"""What ``./run bench api_fuzz`` is made of: nasty values, requests after the API's description, a plant for them."""
