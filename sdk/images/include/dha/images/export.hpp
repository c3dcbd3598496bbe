// Visibility of the functions and classes that Dha::images exports.
#pragma once

#define DHA_IMAGES_API __attribute__((visibility("default")))
