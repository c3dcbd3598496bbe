// The operations that change the colours of pixels in place. Arguments as in pixels.hpp.
#pragma once

#include <cstdint>

#include "dha/images/pixels.hpp"

namespace dha::images {

// `share` in [0, 1] blends the result with the image; 1 is Pillow's operation.
void auto_contrast(const ImageShape& shape, const uint8_t* source, uint8_t* target, float share);
void equalize(const ImageShape& shape, const uint8_t* source, uint8_t* target, float share);

// bits in [0, 8].
void posterize(const ImageShape& shape, const uint8_t* source, uint8_t* target, int bits);

// threshold in [0, 256].
void solarize(const ImageShape& shape, const uint8_t* source, uint8_t* target, int threshold);

void color(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor);
void contrast(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor);
void brightness(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor);
void sharpness(const ImageShape& shape, const uint8_t* source, uint8_t* target, float factor);

}  // namespace dha::images
