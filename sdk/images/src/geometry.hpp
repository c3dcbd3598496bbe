// The operations that move pixels: output pixel (x, y) is read from a source position with bilinear or bicubic
// resampling, and is the fill where that position lies outside the image. Arguments as in pixels.hpp.
//
// Positions, fractions and sums are doubles in Pillow's order. Floats would be faster, but level 0.3 of a shear gives
// fractions such as 0.1, whose products are whole numbers up to the last bit, and truncation then shows that bit.
#pragma once

#include <cstdint>

#include "buffers.hpp"
#include "dha/images/pixels.hpp"

namespace dha::images {

// The position is (x + slope * y, y). Reads resampling and fill of `call`, as do the others.
void shear_x(const OperationCall& call, const ImageShape& shape, double slope, const uint8_t* source, uint8_t* target,
             Buffers& buffers);

// (x, y + slope * x)
void shear_y(const OperationCall& call, const ImageShape& shape, double slope, const uint8_t* source, uint8_t* target,
             Buffers& buffers);

// (x + shift, y), px.
void translate_x(const OperationCall& call, const ImageShape& shape, double shift, const uint8_t* source,
                 uint8_t* target, Buffers& buffers);

// (x, y + shift), px.
void translate_y(const OperationCall& call, const ImageShape& shape, double shift, const uint8_t* source,
                 uint8_t* target, Buffers& buffers);

// About the centre, counter-clockwise, |degrees| < 90.
void rotate(const OperationCall& call, const ImageShape& shape, double degrees, const uint8_t* source, uint8_t* target,
            Buffers& buffers);

}  // namespace dha::images
