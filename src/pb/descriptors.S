// Embeds the descriptors of proto/pb, comments included: linnet_descriptors_begin to
// linnet_descriptors_end are the bytes of a google.protobuf.FileDescriptorSet.
  .section .rodata
  .global linnet_descriptors_begin
  .global linnet_descriptors_end
linnet_descriptors_begin:
  .incbin LINNET_DESCRIPTORS_FILE
linnet_descriptors_end:
  .byte 0
  .section .note.GNU-stack,"",%progbits
